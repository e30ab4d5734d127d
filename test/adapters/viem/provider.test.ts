import {
  createWalletClient,
  custom,
  HttpRequestError,
  parseTransaction,
  recoverMessageAddress,
  recoverTypedDataAddress,
  type Hex,
} from 'viem'
import { foundry } from 'viem/chains'
import { expect, test, vi } from 'vitest'
import { ethereumProvider } from '../../../src/adapters/viem/provider.ts'
import { MpcError } from '../../../src/errors.ts'
import { OTHER, TRANSFER, TYPED_DATA, typedDataOf, setup } from './example-provider.ts'

test('names its account and its chain without asking the node', async () => {
  const { request, account, node } = await setup()
  expect(await request('eth_accounts')).toEqual([account.address])
  expect(await request('eth_requestAccounts')).toEqual([account.address])
  expect(await request('eth_coinbase')).toBe(account.address)
  expect(await request('eth_chainId')).toBe('0x7a69')
  expect(await request('net_version')).toBe('31337')
  expect(node.calls).toEqual([])
})

test('hands what only reads on to the node', async () => {
  const { request, node } = await setup({ answers: { eth_getBalance: () => '0x2a' } })
  expect(await request('eth_getBalance', [OTHER, 'latest'])).toBe('0x2a')
  expect(node.calls).toEqual([{ method: 'eth_getBalance', params: [OTHER, 'latest'] }])
})

test.each([
  ['bytes', '0x00ff61', { raw: '0x00ff61' }],
  ['text', 'a text', 'a text'],
] as const)('personal_sign signs %s', async (_name, parameter, message) => {
  const { request, account } = await setup()
  const signature = (await request('personal_sign', [parameter, account.address.toLowerCase()])) as Hex
  expect(await recoverMessageAddress({ message, signature })).toBe(account.address)
})

test.each([
  ['JSON', JSON.stringify(TYPED_DATA)],
  ['an object', TYPED_DATA],
  ['a chain in hex', { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: '0x7a69' } }],
])('eth_signTypedData_v4 signs %s', async (_name, parameter) => {
  const { request, account } = await setup()
  const signature = (await request('eth_signTypedData_v4', [account.address, parameter])) as Hex
  const typedData = { ...TYPED_DATA, message: { amount: 5n } } as never
  expect(await recoverTypedDataAddress({ ...(typedData as object), signature } as never)).toBe(account.address)
})

test('other methods of wallets do not exist, and never reach the node', async () => {
  const { request, node } = await setup({ answers: { wallet_sendTransaction: () => '0x' } })
  await expect(request('wallet_sendTransaction', [TRANSFER])).rejects.toMatchObject({ code: -32601 })
  expect(node.calls).toEqual([])
})

test.each([
  ['personal_sign', ['0x00', OTHER]],
  ['eth_signTypedData_v4', [OTHER, JSON.stringify(TYPED_DATA)]],
  ['eth_sendTransaction', [{ ...TRANSFER, from: OTHER }]],
])('%s for another account is refused with 4100', async (method, params) => {
  const { request, wallet } = await setup()
  await expect(request(method, params)).rejects.toMatchObject({ code: 4100 })
  expect(wallet.requests).toEqual([])
})

test.each([
  ['personal_sign', (own: string) => ['0x0', own]],
  ['personal_sign', (own: string) => [7, own]],
  ['personal_sign', () => ['0x00']],
  ['personal_sign', () => 'no list'],
  ['personal_sign', (own: string) => ['half a pair: \ud83d', own]],
  ['eth_signTypedData_v4', (own: string) => [own, 'no json']],
  ['eth_signTypedData_v4', (own: string) => [own, []]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, primaryType: 'Other' }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, primaryType: 1 }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, message: undefined }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, message: { amount: '-1' } }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: 1 } }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: 'x' } }]],
  ['eth_signTypedData_v4', (own: string) => [own, JSON.stringify(TYPED_DATA).replace('"5"', '10000000000000000999')]],
  ['eth_signTypedData_v4', (own: string) => [own, JSON.stringify(TYPED_DATA).replace('"5"', '1e21')]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, message: { amount: 1e21 } }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, message: { amount: true } }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, message: { amount: 5, more: 6 } }]],
  ['eth_signTypedData_v4', (own: string) => [own, { ...TYPED_DATA, more: 6 }]],
  ['eth_signTypedData_v4', (own: string) => [own, typedDataOf('bytes4', 'abcd')]],
  ['eth_signTypedData_v4', (own: string) => [own, typedDataOf('bytes4', '0xzzzzzzzz')]],
  ['eth_signTypedData_v4', (own: string) => [own, typedDataOf('bytes2[]', ['ab'])]],
  ['eth_signTypedData_v4', (own: string) => [own, typedDataOf('Inner', null, [{ name: 'x', type: 'uint8' }])]],
  ['eth_sendTransaction', () => []],
  ['eth_sendTransaction', () => [{ ...TRANSFER, to: '0x12' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, value: 16 }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, value: '16' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, data: '0xabc' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, data: '0xab', input: '0xcd' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, type: '0x4' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, authorizationList: [] }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, toString: '0x' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, accessList: {} }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, accessList: [null] }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, accessList: [{ address: OTHER, storageKeys: ['0x01'] }] }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, accessList: [{ address: OTHER, storageKeys: [], balance: '0x1' }] }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, chainId: '0x1' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, chainId: '0x80000000007a69' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, nonce: '0x20000000000000' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, gas: '0x10000000000000000' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, to: OTHER.replace('dc79', 'DC79') }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, to: undefined }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, maxPriorityFeePerGas: '0x65' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, type: 'toString' }]],
  ['eth_sendTransaction', () => [{ ...TRANSFER, type: ['0x2'] }]],
  ['eth_sendTransaction', () => [{ to: OTHER, type: '0x2', gasPrice: '0x64' }]],
  ['eth_sendTransaction', () => [{ to: OTHER, gasPrice: '0x64', maxFeePerGas: '0x64' }]],
  ['eth_sendTransaction', () => [{ to: OTHER, type: '0x0', gasPrice: '0x64', accessList: [] }]],
  ['eth_sendTransaction', () => [{ to: OTHER, type: '0x0', maxFeePerGas: '0x64' }]],
  ['eth_sendTransaction', () => [{ to: OTHER, type: '0x1', maxPriorityFeePerGas: '0x64' }]],
  ['eth_sendTransaction', () => ['0x']],
  ['eth_sendTransaction', () => [[]]],
  ['wallet_switchEthereumChain', () => []],
] as const)('%s with wrong parameters is refused with -32602: %#', async (method, params) => {
  const { request, account, wallet, node } = await setup()
  await expect(request(method, params(account.address))).rejects.toMatchObject({ code: -32602 })
  expect([...wallet.requests, ...node.sent]).toEqual([])
})

test('stays on its chain', async () => {
  const { request } = await setup()
  expect(await request('wallet_switchEthereumChain', [{ chainId: '0x7A69' }])).toBe(null)
  await expect(request('wallet_switchEthereumChain', [{ chainId: '0x1' }])).rejects.toMatchObject({ code: 4902 })
})

function raise(thrown: unknown): never {
  throw thrown
}

test('wrong arguments', async () => {
  const { account, node } = await setup()
  const parameters = { account, chain: foundry, transport: node.transport }
  expect(() => ethereumProvider({ ...parameters, approve: null as never })).toThrow(TypeError)
  for (const approvalTimeoutMs of [0, -1, 0.5, Number.NaN, Infinity, 2 ** 31, '5' as never]) {
    expect(() => ethereumProvider({ ...parameters, approvalTimeoutMs })).toThrow(RangeError)
  }
})

test('parameters are copied as JSON copies, whatever they are', async () => {
  const { request, account, node, wallet } = await setup({ answers: { eth_call: () => '0x' } })
  const proxy = (value: object): unknown => new Proxy(value, {})
  const deep = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return proxy(value.map(deep))
    return proxy(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, deep(part)])))
  }
  const withFunction = { ...TRANSFER, data: undefined, __v_skip: () => 0, [Symbol('raw')]: 1 }
  const signature = await request('eth_signTypedData_v4', deep([account.address, TYPED_DATA]))
  expect(signature).toBe(await request('eth_signTypedData_v4', [account.address, TYPED_DATA]))
  const amount = { amount: 5n }
  expect(signature).toBe(await request('eth_signTypedData_v4', [account.address, { ...TYPED_DATA, message: amount }]))
  await request('eth_sendTransaction', deep([{ ...TRANSFER }]))
  await request('eth_sendTransaction', [withFunction])
  await request('eth_call', deep([{ to: OTHER }, 'latest']))
  expect(node.sent.length).toBe(2)
  expect(node.calls.at(-1)).toEqual({ method: 'eth_call', params: [{ to: OTHER }, 'latest'] })
  const signed = wallet.requests.length
  const cyclic: unknown[] = [account.address]
  cyclic.push(cyclic)
  const getter = { get amount() { return raise(new Error('no')) } } // prettier-ignore
  for (const params of [cyclic, [account.address, { ...TYPED_DATA, message: getter }]]) {
    await expect(request('eth_signTypedData_v4', params)).rejects.toMatchObject({ code: -32602 })
  }
  expect(wallet.requests.length).toBe(signed)
})

test('works in an engine without structuredClone', async () => {
  vi.stubGlobal('structuredClone', undefined)
  try {
    const { request, account } = await setup()
    expect(await request('personal_sign', ['0x00', account.address])).toMatch(/^0x/)
  } finally {
    vi.unstubAllGlobals()
  }
})

test.each([undefined, null, 5, 'eth_chainId', {}, { method: 5 }, { method: 'eth_call', params: {} }])(
  'what is no request is refused with -32602: %o',
  async (given) => {
    const { provider } = await setup()
    await expect(provider.request(given as never)).rejects.toMatchObject({ code: -32602 })
  },
)

test.each([
  ['ABORTED', 4001, false],
  ['POLICY_DENIED', 4100, false],
  ['AUTH_FAILED', 4100, false],
  ['NETWORK_ERROR', -32603, true],
  ['SET_RETIRED', -32603, false],
] as const)('%s of the wallet becomes %i', async (code, expected, retryable) => {
  const { request, account } = await setup({
    keys: () => ({ signEcdsa: () => Promise.reject(new MpcError(code, 'the reason')) }),
  })
  const error = { code: expected, message: 'the reason', data: { code, retryable } }
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject(error)
  await expect(request('eth_sendTransaction', [TRANSFER])).rejects.toMatchObject(error)
})

test('an error of the node keeps its code and its data', async () => {
  const reverted = (): never => {
    throw Object.assign(new Error('execution reverted'), { code: 3, data: '0x08c379a0' })
  }
  const poor = (): never => {
    throw Object.assign(new Error('insufficient funds for gas * price + value'), { code: -32003 })
  }
  const busy = (): never => {
    throw new HttpRequestError({ url: 'http://node.example', status: 500 })
  }
  const answers = { eth_call: reverted, eth_sendRawTransaction: poor, eth_getLogs: busy }
  const { request } = await setup({ answers })
  await expect(request('eth_call', [{ to: OTHER }])).rejects.toMatchObject({ code: 3, data: '0x08c379a0' })
  await expect(request('eth_sendTransaction', [TRANSFER])).rejects.toMatchObject({ code: -32003 })
  await expect(request('eth_getLogs')).rejects.toMatchObject({ code: -32603 })
})

test('says when it finds a node and when it loses it', async () => {
  let reachable = false
  const { provider, request } = await setup({
    answers: {
      eth_blockNumber: () => {
        if (!reachable) throw new HttpRequestError({ url: 'http://node.example' })
        return '0x1'
      },
      eth_call: () => {
        throw Object.assign(new Error('reverted'), { code: 3 })
      },
    },
  })
  const [connected, disconnected, removed] = [vi.fn(), vi.fn(), vi.fn()]
  provider.on('connect', connected)
  provider.on('disconnect', disconnected)
  provider.on('connect', removed)
  provider.removeListener('connect', removed)
  await expect(request('eth_blockNumber')).rejects.toMatchObject({ code: 4900 })
  expect(disconnected).not.toHaveBeenCalled()
  reachable = true
  await request('eth_blockNumber')
  await request('eth_blockNumber')
  await expect(request('eth_call', [{}])).rejects.toMatchObject({ code: 3 })
  reachable = false
  await expect(request('eth_blockNumber')).rejects.toMatchObject({ code: 4900 })
  await expect(request('eth_blockNumber')).rejects.toMatchObject({ code: 4900 })
  expect(connected.mock.calls).toEqual([[{ chainId: '0x7a69' }]])
  expect(disconnected.mock.calls).toEqual([[expect.objectContaining({ code: 4900 })]])
  expect(removed).not.toHaveBeenCalled()
})

test('serves a viem wallet client', async () => {
  let rich = true
  const { provider, account, node } = await setup({
    answers: {
      eth_estimateGas: () => {
        if (rich) return '0x5208'
        throw Object.assign(new Error('the sender is poor'), { code: -32000 })
      },
    },
  })
  const client = createWalletClient({ chain: foundry, transport: custom(provider) })
  const [address] = await client.requestAddresses()
  const signature = await client.signMessage({ account: account.address, message: 'a text' })
  expect(await recoverMessageAddress({ message: 'a text', signature })).toBe(address)
  const transfer = { account: account.address, to: OTHER, value: 5n } as const
  await client.sendTransaction(transfer)
  expect(parseTransaction(node.sent[0] as Hex)).toMatchObject({ value: 5n, chainId: foundry.id })
  rich = false
  await expect(client.sendTransaction(transfer)).rejects.toThrow('the sender is poor')
})
