import { HttpRequestError, parseTransaction, recoverMessageAddress, type Hex } from 'viem'
import { base, foundry, sepolia } from 'viem/chains'
import { expect, test, vi } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../../../src/adapters/viem/provider.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { fakeNode, TRANSFER, TYPED_DATA, type Answer } from './example-provider.ts'

const SEPOLIA = '0xaa36a7'
const BASE = '0x2105'

/** What a page says of a chain. */
const NEW_CHAIN = {
  chainId: BASE,
  chainName: 'Base',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: ['https://node.example'],
}

/** A provider for two chains, with a node for each. */
async function twoChains(parameters: Partial<EthereumProviderParameters> & { answers?: Record<string, Answer> } = {}) {
  const { answers, ...options } = parameters
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet)
  const [local, test] = [fakeNode(answers), fakeNode({ eth_chainId: () => SEPOLIA })]
  const otherChains = [{ chain: sepolia, transport: test.transport }]
  const provider = ethereumProvider({ account, chain: foundry, transport: local.transport, otherChains, ...options })
  const request = (method: string, params?: unknown): Promise<unknown> => provider.request({ method, params } as never)
  const events: unknown[] = []
  for (const name of ['chainChanged', 'accountsChanged'] as const) {
    provider.on(name, (value: unknown) => events.push([name, value]))
  }
  return { wallet, account, local, test, provider, request, events }
}

test('switches between its chains, and says so once', async () => {
  const { request, events, local, test } = await twoChains()
  expect(await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA.toUpperCase().replace('X', 'x') }])).toBe(null)
  expect(await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }])).toBe(null)
  expect(await request('eth_chainId')).toBe(SEPOLIA)
  expect(await request('net_version')).toBe('11155111')
  await request('eth_getTransactionCount', [])
  await request('eth_sendTransaction', [TRANSFER])
  expect([local.calls, local.sent]).toEqual([[], []])
  expect(parseTransaction(test.sent[0] as Hex)).toMatchObject({ chainId: sepolia.id })
  expect(events).toEqual([['chainChanged', SEPOLIA]])
})

test('a request stays on the chain that was active when it was made', async () => {
  const asked: unknown[] = []
  const { request, local, test } = await twoChains({
    approve: async ({ params }) => {
      asked.push(params[0])
      await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }])
      return true
    },
  })
  await request('eth_sendTransaction', [TRANSFER])
  expect(asked).toMatchObject([{ chainId: '0x7a69' }])
  expect(parseTransaction(local.sent[0] as Hex)).toMatchObject({ chainId: foundry.id })
  await request('wallet_switchEthereumChain', [{ chainId: '0x7a69' }])
  const both = [
    request('eth_sendTransaction', [TRANSFER]),
    request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }]),
  ]
  await Promise.all([...both, request('eth_sendTransaction', [TRANSFER])])
  expect(local.sent.map((raw) => parseTransaction(raw).chainId)).toEqual([foundry.id, foundry.id])
  expect(test.sent.map((raw) => parseTransaction(raw).chainId)).toEqual([sepolia.id])
})

test('what names another chain than the active one is refused', async () => {
  const { request, account, wallet } = await twoChains()
  const elsewhere = { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: sepolia.id } }
  const typed = (): Promise<unknown> => request('eth_signTypedData_v4', [account.address, elsewhere])
  await expect(typed()).rejects.toMatchObject({ code: -32602 })
  await expect(request('eth_sendTransaction', [{ ...TRANSFER, chainId: SEPOLIA }])).rejects.toMatchObject({
    code: -32602,
  })
  expect(wallet.requests).toEqual([])
  await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }])
  expect(await typed()).toMatch(/^0x/)
})

test('a chain of a page is added by the app alone, once its node says that it is one', async () => {
  const node = fakeNode({ eth_chainId: () => BASE })
  const addChain = vi.fn(() => ({ chain: base, transport: node.transport }))
  const { request, events } = await twoChains({ addChain })
  await expect(request('wallet_switchEthereumChain', [{ chainId: BASE }])).rejects.toMatchObject({ code: 4902 })
  expect(await request('wallet_addEthereumChain', [{ ...NEW_CHAIN, iconUrls: ['x'], blockExplorerUrls: null }])).toBe(
    null,
  )
  expect(addChain.mock.calls).toEqual([
    [{ ...NEW_CHAIN, chainId: base.id, blockExplorerUrls: [] }, { signal: expect.any(AbortSignal) }],
  ])
  expect(await request('eth_chainId')).toBe(BASE)
  await request('eth_sendTransaction', [TRANSFER])
  expect(parseTransaction(node.sent[0] as Hex)).toMatchObject({ chainId: base.id })
  await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }])
  expect(await request('wallet_addEthereumChain', [NEW_CHAIN])).toBe(null)
  expect(addChain).toHaveBeenCalledTimes(1)
  expect(events.map((event) => (event as unknown[])[1])).toEqual([BASE, SEPOLIA, BASE])
})

const wrongNode = { chain: base, transport: fakeNode({ eth_chainId: () => '0x1' }).transport }
const otherChain = { chain: { ...base, id: 5 }, transport: fakeNode({ eth_chainId: () => BASE }).transport }
const noNode = fakeNode({
  eth_chainId: () => {
    throw new HttpRequestError({ url: 'http://node.example' })
  },
})

test.each<[string, EthereumProviderParameters['addChain'], number]>([
  ['no addChain', undefined, 4200],
  ['a refusal', () => undefined, 4001],
  ['an abort', () => Promise.reject(new DOMException('gone', 'AbortError')), 4001],
  ['no response in time', () => new Promise(() => undefined), 4001],
  ['a failure', () => Promise.reject(new Error('broken')), -32603],
  ['a chain that is none', () => ({}) as never, -32603],
  ['the node of another chain', () => wrongNode, -32603],
  ['another chain', () => otherChain, -32603],
  ['a node that cannot be reached', () => ({ chain: base, transport: noNode.transport }), 4900],
])('a chain is not added after %s', async (_name, addChain, code) => {
  const { request, events } = await twoChains({ addChain, approvalTimeoutMs: 50 })
  await expect(request('wallet_addEthereumChain', [NEW_CHAIN])).rejects.toMatchObject({ code })
  expect(await request('eth_chainId')).toBe('0x7a69')
  await expect(request('wallet_switchEthereumChain', [{ chainId: BASE }])).rejects.toMatchObject({ code: 4902 })
  expect(events).toEqual([])
})

test('a page gives the account back, and gets it again', async () => {
  const { request, account, events, wallet } = await twoChains()
  const permission = {
    parentCapability: 'eth_accounts',
    caveats: [{ type: 'restrictReturnedAccounts', value: [account.address] }],
  }
  expect(await request('wallet_getPermissions')).toMatchObject([permission])
  expect(await request('wallet_revokePermissions', [{ eth_accounts: {} }])).toBe(null)
  expect(await request('wallet_revokePermissions', [{ eth_accounts: {} }])).toBe(null)
  expect(await request('wallet_getPermissions')).toEqual([])
  expect(await request('eth_accounts')).toEqual([])
  expect(await request('eth_coinbase')).toBe(null)
  for (const [method, params] of [
    ['personal_sign', ['0x00', account.address]],
    ['eth_signTypedData_v4', [account.address, TYPED_DATA]],
    ['eth_sendTransaction', [TRANSFER]],
    ['wallet_sendCalls', [{}]],
    ['wallet_getCallsStatus', ['0x00']],
    ['wallet_getCapabilities', [account.address]],
  ] as const) {
    await expect(request(method, params)).rejects.toMatchObject({ code: 4100 })
  }
  expect(wallet.requests).toEqual([])
  expect(await request('wallet_requestPermissions', [{ eth_accounts: {} }])).toMatchObject([permission])
  await request('wallet_revokePermissions', [{ eth_accounts: {} }])
  expect(await request('eth_requestAccounts')).toEqual([account.address])
  expect(await request('personal_sign', ['0x00', account.address])).toMatch(/^0x/)
  const [given, none] = [
    ['accountsChanged', [account.address]],
    ['accountsChanged', []],
  ]
  expect(events).toEqual([none, given, none, given])
})

test('nothing is signed if the account was given back while the user was asked', async () => {
  const { request, account, wallet } = await twoChains({
    approve: async () => (await request('wallet_revokePermissions', [{ eth_accounts: {} }])) === null,
  })
  await expect(request('personal_sign', ['0x00', account.address])).rejects.toMatchObject({ code: 4100 })
  expect(wallet.requests).toEqual([])
})

test('a lost node is 4900, or 4901 while another is reached', async () => {
  const lost = (): never => {
    throw new HttpRequestError({ url: 'http://node.example' })
  }
  const { request, provider } = await twoChains({ answers: { eth_blockNumber: lost } })
  const disconnected = vi.fn()
  provider.on('disconnect', disconnected)
  await expect(request('eth_blockNumber')).rejects.toMatchObject({ code: 4900 })
  await request('wallet_switchEthereumChain', [{ chainId: SEPOLIA }])
  await request('eth_getTransactionCount', [])
  await request('wallet_switchEthereumChain', [{ chainId: '0x7a69' }])
  await expect(request('eth_blockNumber')).rejects.toMatchObject({ code: 4901 })
  expect(disconnected).not.toHaveBeenCalled()
})

test.each<[string, (own: Hex) => readonly unknown[], string | { raw: Hex }]>([
  ['bytes first', (own) => ['0x00ff61', own], { raw: '0x00ff61' }],
  ['bytes second', (own) => [own, '0x00ff61'], { raw: '0x00ff61' }],
  ['text second', (own) => [own.toUpperCase().replace('X', 'x'), 'a text'], 'a text'],
  ['text like hex', (own) => ['0xhello', own], '0xhello'],
  ['hex without 0x', (own) => ['deadbeef', own], 'deadbeef'],
  ['hex after 0X', (own) => ['0Xab', own], '0Xab'],
  ['hex and a line', (own) => ['0xab\n', own], '0xab\n'],
  ['nothing', (own) => ['', own], ''],
  ['no bytes', (own) => ['0x', own], { raw: '0x' }],
])('personal_sign reads %s', async (_name, params, message) => {
  const { request, account } = await twoChains()
  const signature = (await request('personal_sign', params(account.address))) as Hex
  expect(await recoverMessageAddress({ message, signature })).toBe(account.address)
})

test('personal_sign of the own address signs the address', async () => {
  const { request, account } = await twoChains()
  const signature = (await request('personal_sign', [account.address, account.address])) as Hex
  expect(await recoverMessageAddress({ message: { raw: account.address }, signature })).toBe(account.address)
})

test('gasLimit is gas', async () => {
  const { request, local } = await twoChains()
  const { gas, ...others } = TRANSFER
  await request('eth_sendTransaction', [{ ...others, gasLimit: gas }])
  await request('eth_sendTransaction', [{ ...others, gas, gasLimit: gas }])
  expect(local.sent.map((raw) => parseTransaction(raw).gas)).toEqual([21_000n, 21_000n])
  const both = request('eth_sendTransaction', [{ ...others, gas, gasLimit: '0x5209' }])
  await expect(both).rejects.toMatchObject({ code: -32602 })
})

test('wrong chains are no provider', async () => {
  const { account, local } = await twoChains()
  const parameters = { account, chain: foundry, transport: local.transport }
  const same = [{ chain: foundry, transport: local.transport }]
  expect(() => ethereumProvider({ ...parameters, otherChains: same })).toThrow(RangeError)
  expect(() => ethereumProvider({ ...parameters, chain: { ...foundry, id: 0 } })).toThrow(RangeError)
  expect(() => ethereumProvider({ ...parameters, otherChains: [{ chain: base, transport: 5 as never }] })).toThrow(
    TypeError,
  )
  expect(() => ethereumProvider({ ...parameters, addChain: 5 as never })).toThrow(TypeError)
  expect(() => ethereumProvider({ ...parameters, delegates: { 1: '0x12' } })).toThrow(RangeError)
})
