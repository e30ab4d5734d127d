import {
  createWalletClient,
  custom,
  hexToBigInt,
  HttpRequestError,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
  type EIP1193Provider,
  type Hex,
  type NonceManager,
} from 'viem'
import { foundry } from 'viem/chains'
import { expect, test, vi } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../../../src/adapters/viem/provider.ts'
import type { ProviderRequest } from '../../../src/adapters/viem/signature-request.ts'
import { MpcError } from '../../../src/errors.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

type Answer = (params: readonly unknown[]) => unknown

const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const TRANSFER = { to: OTHER, value: '0x10', gas: '0x5208', maxFeePerGas: '0x64', maxPriorityFeePerGas: '0x1' }

const TYPED_DATA = {
  domain: { name: 'Ether Mail', chainId: foundry.id },
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'chainId', type: 'uint256' },
    ],
    Mail: [{ name: 'amount', type: 'uint256' }],
  },
  primaryType: 'Mail',
  message: { amount: '5' },
}

function typedDataOf(type: string, value: unknown, inner?: readonly { name: string; type: string }[]): unknown {
  const { EIP712Domain } = TYPED_DATA.types
  const types = { EIP712Domain, Mail: [{ name: 'amount', type }], ...(inner && { Inner: inner }) }
  return { ...TYPED_DATA, types, message: { amount: value } }
}

/** A node that has the transactions it was sent. */
function fakeNode(answers: Record<string, Answer> = {}) {
  const calls: { method: string; params: readonly unknown[] }[] = []
  const sent: Hex[] = []
  const known: Record<string, Answer> = {
    eth_getTransactionCount: () => `0x${sent.length.toString(16)}`,
    eth_getBlockByNumber: () => ({ baseFeePerGas: '0x1', timestamp: '0x1', number: '0x1', transactions: [] }),
    eth_maxPriorityFeePerGas: () => '0x1',
    eth_chainId: () => `0x${foundry.id.toString(16)}`,
    eth_sendRawTransaction: ([raw]) =>
      `0x${sent
        .push(raw as Hex)
        .toString(16)
        .padStart(64, '0')}`,
    ...answers,
  }
  const transport = custom(
    {
      request: async ({ method, params = [] }: { method: string; params?: readonly unknown[] }) => {
        calls.push({ method, params })
        const answer = known[method]
        if (answer === undefined) throw Object.assign(new Error(`no method ${method}`), { code: -32601 })
        return answer(params)
      },
    },
    { retryCount: 0 },
  )
  return { calls, sent, transport }
}

async function setup(
  options: { answers?: Record<string, Answer>; keys?: (wallet: FakeWallet) => Partial<FakeWallet> } & Pick<
    EthereumProviderParameters,
    'approve' | 'approvalTimeoutMs'
  > = {},
) {
  const { answers, keys = () => ({}), ...parameters } = options
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount({ ...wallet, ...keys(wallet) })
  const node = fakeNode(answers)
  const provider = ethereumProvider({ account, chain: foundry, transport: node.transport, ...parameters })
  const request = (method: string, params?: unknown): Promise<unknown> => provider.request({ method, params } as never)
  return { wallet, account, node, provider, request }
}

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

test('eth_sendTransaction fills in, signs and sends', async () => {
  const { request, account, node } = await setup()
  const hash = await request('eth_sendTransaction', [
    { ...TRANSFER, from: account.address, chainId: '0x7a69', data: '0xab' },
  ])
  expect(hash).toBe(`0x${'1'.padStart(64, '0')}`)
  const [raw] = node.sent as [never]
  expect(await recoverTransactionAddress({ serializedTransaction: raw })).toBe(account.address)
  expect(parseTransaction(raw)).toEqual({
    type: 'eip1559',
    chainId: foundry.id,
    to: OTHER.toLowerCase(),
    value: 16n,
    gas: 21_000n,
    maxFeePerGas: 100n,
    maxPriorityFeePerGas: 1n,
    data: '0xab',
    nonce: 0,
    ...signatureOf(raw),
  })
})

function signatureOf(raw: Hex): object {
  const { r, s, v, yParity } = parseTransaction(raw) as never
  return { r, s, v, yParity }
}

test('sends an access list and an older type as asked', async () => {
  const { request, node } = await setup()
  const accessList = [{ address: OTHER.toLowerCase(), storageKeys: [`0x${'01'.repeat(32)}`] }]
  await request('eth_sendTransaction', [
    { to: OTHER, gas: '0x5208', gasPrice: '0x64', type: '0x1', nonce: '0x9', accessList },
  ])
  expect(parseTransaction(node.sent[0] as never)).toMatchObject({
    type: 'eip2930',
    gasPrice: 100n,
    nonce: 9,
    accessList,
  })
})

test('transactions at the same time have one nonce each', async () => {
  const { request, node } = await setup()
  await Promise.all([1, 2, 3].map(() => request('eth_sendTransaction', [TRANSFER])))
  expect(node.sent.map((raw) => parseTransaction(raw).nonce ?? 0)).toEqual([0, 1, 2])
})

test('asks the account’s nonce manager, and tells it what was not sent', async () => {
  const nonceManager = { ...fakeNonceManager(7), reset: vi.fn() }
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet, { nonceManager })
  const poor = (): never => {
    throw Object.assign(new Error('insufficient funds'), { code: -32003 })
  }
  const nodes = [fakeNode(), fakeNode({ eth_sendRawTransaction: poor })] as const
  const [good, bad] = nodes.map(({ transport }) => ethereumProvider({ account, chain: foundry, transport }))
  const send = (provider: EIP1193Provider, more: object): Promise<unknown> =>
    provider.request({ method: 'eth_sendTransaction', params: [{ ...TRANSFER, ...more }] } as never)
  await send(good!, {})
  await expect(send(bad!, { nonce: '0x5' })).rejects.toMatchObject({ code: -32003 })
  expect(nonceManager.reset).not.toHaveBeenCalled()
  await expect(send(bad!, {})).rejects.toMatchObject({ code: -32003 })
  expect(nodes[0].sent.map((raw) => parseTransaction(raw).nonce)).toEqual([7])
  expect(nonceManager.reset.mock.calls).toEqual([[{ address: account.address, chainId: foundry.id }]])
})

function fakeNonceManager(first: number): NonceManager {
  let next = first
  return { consume: async () => next++, increment: () => undefined, get: async () => next, reset: () => undefined }
}

test('one that fails does not hold up the next', async () => {
  let refusals = 1
  const { request, node } = await setup({
    keys: (wallet) => ({
      signEcdsa: (parameters) =>
        refusals-- > 0 ? Promise.reject(new MpcError('POLICY_DENIED', 'too much')) : wallet.signEcdsa(parameters),
    }),
  })
  const [first, second] = await Promise.allSettled([1, 2].map(() => request('eth_sendTransaction', [TRANSFER])))
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 4100, message: 'too much' } })
  expect(second).toMatchObject({ status: 'fulfilled' })
  expect(node.sent.length).toBe(1)
})

test.each([
  ['eth_sign', [OTHER, '0x00']],
  ['eth_signTransaction', [TRANSFER]],
  ['eth_signTypedData', [[], OTHER]],
  ['eth_signTypedData_v3', [OTHER, '{}']],
  ['eth_subscribe', ['newHeads']],
  ['eth_unheardOf', []],
  ['eth_signUserOperation', [{}]],
  ['personal_unlockAccount', [OTHER]],
  ['admin_addPeer', ['enode://']],
  ['debug_traceCall', [{}]],
  ['miner_start', []],
  ['evm_mine', []],
  ['hardhat_impersonateAccount', [OTHER]],
  ['anvil_setBalance', [OTHER, '0x1']],
  ['EthereumProvider', []],
  ['constructor', []],
  ['', []],
])('%s is refused with 4200 and never reaches the node', async (method, params) => {
  const { request, node, wallet } = await setup({ answers: { [method]: () => '0x' } })
  await expect(request(method, params)).rejects.toMatchObject({ code: 4200, name: 'ProviderRpcError' })
  expect([...node.calls, ...wallet.requests]).toEqual([])
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

test('asks for approval before each signature, of all that is then signed', async () => {
  const asked: unknown[] = []
  const transaction: Record<string, string> = { ...TRANSFER }
  const { request, account, node, wallet } = await setup({
    approve: (request) => {
      asked.push(request)
      transaction['value'] = '0xffff'
      return asked.length > 1
    },
  })
  const refused = { code: 4001, message: 'the user refused the request' }
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject(refused)
  expect(wallet.requests).toEqual([])
  transaction['value'] = '0x10'
  await request('eth_sendTransaction', [transaction])
  await request('eth_signTypedData_v4', [account.address, TYPED_DATA])
  expect(asked).toEqual([
    { method: 'personal_sign', params: ['0x00', account.address] },
    { method: 'eth_sendTransaction', params: [{ ...TRANSFER, from: account.address, chainId: '0x7a69', type: '0x2' }] },
    {
      method: 'eth_signTypedData_v4',
      params: [account.address, { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: '31337' } }],
    },
  ])
  expect(parseTransaction(node.sent[0] as Hex).value).toBe(hexToBigInt('0x10'))
})

test('what is approved is one form of what a page wrote, and nobody can change it', async () => {
  const asked: ProviderRequest[] = []
  const { request, account } = await setup({
    approve: (request) => {
      asked.push(request)
      expect(() => ((request.params as unknown as unknown[])[0] = '0xff')).toThrow(TypeError)
      if (request.method !== 'eth_signTypedData_v4') return true
      const { message } = request.params[1]
      expect(() => ((message as Record<string, unknown>)['amount'] = '6')).toThrow(TypeError)
      return true
    },
  })
  const own = account.address
  const message = 'a text'
  const signature = (await request('personal_sign', [message, own.toLowerCase()])) as Hex
  expect(await recoverMessageAddress({ message, signature })).toBe(own)
  await request('eth_signTypedData_v4', [own.toLowerCase(), `{"amount":1,${JSON.stringify(TYPED_DATA).slice(1)}`])
    .then(() => expect.fail('an unknown field'))
    .catch((error: unknown) => expect(error).toMatchObject({ code: -32602 }))
  const hexAmount = { ...TYPED_DATA, message: { amount: '0x0005' } }
  await request('eth_signTypedData_v4', [own.toLowerCase(), JSON.stringify(hexAmount)])
  const canonical = { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: '31337' } }
  expect(asked).toEqual([
    { method: 'personal_sign', params: ['0x612074657874', own] },
    { method: 'eth_signTypedData_v4', params: [own, canonical] },
  ])
})

test('what the node fills in is approved before it is signed, and does not replace what the page gave', async () => {
  const asked: unknown[] = []
  const filled = { gas: '0x7530', maxFeePerGas: '0x77', maxPriorityFeePerGas: '0x7', nonce: '0x63', type: '0x2' }
  const { request, account, node } = await setup({
    answers: {
      eth_fillTransaction: () => ({
        raw: '0x',
        tx: { ...filled, to: account.address, value: '0xffff', chainId: '0x7a69' },
      }),
    },
    approve: ({ params }) => {
      asked.push(params[0])
      return true
    },
  })
  await request('eth_sendTransaction', [{ to: OTHER, value: '0x10', gas: '0x5208', maxFeePerGas: '0x64' }])
  const approved = {
    from: account.address,
    to: OTHER,
    value: '0x10',
    chainId: '0x7a69',
    type: '0x2',
    gas: '0x5208',
    maxFeePerGas: '0x64',
    maxPriorityFeePerGas: '0x7',
  }
  expect(asked).toEqual([approved])
  expect(parseTransaction(node.sent[0] as Hex)).toMatchObject({
    to: OTHER.toLowerCase(),
    value: 16n,
    gas: 21_000n,
    maxFeePerGas: 100n,
    maxPriorityFeePerGas: 7n,
    nonce: 0,
  })
})

test.each<[string, Record<string, Answer>]>([
  ['nothing is known of the gas', { eth_estimateGas: () => 'much' }],
  ['the gas is no number of 64 bits', { eth_estimateGas: () => `0x1${'0'.repeat(16)}` }],
  ['there are no fees', { eth_estimateGas: () => '0x5208', eth_getBlockByNumber: () => null }],
])('a node that answers nonsense gets nothing signed: %s', async (_name, answers) => {
  const { request, node, wallet } = await setup({ answers })
  const error = await request('eth_sendTransaction', [{ to: OTHER, value: '0x10' }]).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ name: 'ProviderRpcError', code: expect.any(Number) })
  expect([...wallet.requests, ...node.sent]).toEqual([])
})

test('an access list on a chain without EIP-1559 is kept', async () => {
  const { request, node } = await setup({
    answers: {
      eth_getBlockByNumber: () => ({ timestamp: '0x1', number: '0x1', transactions: [] }),
      eth_gasPrice: () => '0x64',
      eth_estimateGas: () => '0x5208',
    },
  })
  const accessList = [{ address: OTHER.toLowerCase(), storageKeys: [`0x${'01'.repeat(32)}`] }]
  await request('eth_sendTransaction', [{ to: OTHER, accessList }])
  expect(parseTransaction(node.sent[0] as Hex)).toMatchObject({ type: 'eip2930', accessList })
})

test('anything but true is no approval', async () => {
  for (const answer of ['yes', 1, {}, undefined, Object(true)] as never[]) {
    const { request, account, wallet } = await setup({ approve: () => answer })
    await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject({ code: 4001 })
    expect(wallet.requests).toEqual([])
  }
})

const circle = new Error('a circle')
circle.cause = circle

test.each([
  ['an aborted dialog', new DOMException('gone', 'AbortError'), 4001],
  ['a dialog that timed out', new DOMException('late', 'TimeoutError'), 4001],
  ['an abort inside', new Error('no dialog', { cause: new DOMException('gone', 'AbortError') }), 4001],
  ['the abort of a wallet', new MpcError('ABORTED', 'enough'), 4001],
  ['a refusal of another provider', Object.assign(new Error('no'), { code: 4100 }), 4100],
  ['an error of JSON-RPC without a class', { code: -32002, message: 'one dialog is open' }, -32002],
  ['a failure', new Error('the dialog broke'), -32603],
  ['another DOMException', new DOMException('the dialog broke', 'DataCloneError'), -32603],
  ['an error of gRPC', Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7 }), -32603],
  ['an error of gRPC with the code of a revert', Object.assign(new Error('3 INVALID_ARGUMENT'), { code: 3 }), -32603],
  ['an error of Node', Object.assign(new Error('no socket'), { code: 'ECONNREFUSED' }), -32603],
  ['a code that is no whole number', Object.assign(new Error('half'), { code: -32000.5 }), -32603],
  ['a circle', circle, -32603],
  ['nothing', undefined, -32603],
  ['a text', 'no', -32603],
  ['an error that cannot be read', hostileError(), -32603],
])('an approval that ends with %s is a denial with a code of EIP-1193 or JSON-RPC', async (_name, thrown, code) => {
  for (const approve of [async () => raise(thrown), () => raise(thrown)]) {
    const { request, account, wallet } = await setup({ approve })
    const denial = { name: 'ProviderRpcError', code }
    await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject(denial)
    expect(wallet.requests).toEqual([])
  }
})

function raise(thrown: unknown): never {
  throw thrown
}

function hostileError(): object {
  return new Proxy(new Error('hidden'), {
    get: (error, name) => (name === 'stack' || typeof name === 'symbol' ? Reflect.get(error, name) : raise('never')),
  })
}

test('an approval that never comes is a refusal, and what comes later changes nothing', async () => {
  let late: ((answer: boolean) => void) | undefined
  let aborted = false
  const { request, account, wallet } = await setup({
    approvalTimeoutMs: 1,
    approve: (_request, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true))
      return new Promise((resolve) => (late = resolve))
    },
  })
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject({
    code: 4001,
    message: 'nobody approved the request in time',
  })
  late!(true)
  await Promise.resolve()
  expect(aborted).toBe(true)
  expect(wallet.requests).toEqual([])
})

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
