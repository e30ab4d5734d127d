import { foundry, sepolia } from 'viem/chains'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider } from '../../../src/adapters/viem/provider.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { fakeNode, OTHER, TRANSFER, TYPED_DATA, type Answer } from './example-provider.ts'

const CALL = { to: OTHER, value: '0x1' }
const BATCH = { version: '2.0.0', chainId: '0x7a69', atomicRequired: false, calls: [CALL] }
const CHAIN = {
  chainId: '0x2105',
  chainName: 'Base',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: ['https://node.example'],
}
const LONG = 'a'.repeat(1 << 20)

/** What is parsed from a page's JSON has such names as its own. */
const polluted = (text: string): unknown => JSON.parse(text)

const ANSWERS = {
  eth_call: () => '0x',
  eth_estimateGas: () => '0x5208',
  eth_getCode: () => '0x',
  eth_getTransactionReceipt: () => null,
}

async function setup(answers: Record<string, Answer> = {}) {
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet)
  const node = fakeNode({ ...ANSWERS, ...answers })
  const asked: unknown[] = []
  const provider = ethereumProvider({
    account,
    chain: foundry,
    transport: node.transport,
    otherChains: [{ chain: sepolia, transport: fakeNode().transport }],
    addChain: (request) => void asked.push(request),
    delegates: { [foundry.id]: OTHER },
    approve: (request) => asked.push(request) > 0,
  })
  const request = (method: string, params: unknown): Promise<unknown> => provider.request({ method, params } as never)
  return { wallet, account, node, asked, request, provider }
}

type Params = (own: string) => readonly unknown[]
const same =
  (...params: readonly unknown[]): Params =>
  () =>
    params

test.each<[string, string, Params, number]>([
  ['wallet_switchEthereumChain', 'nothing', same(), -32602],
  ['wallet_switchEthereumChain', 'null', same(null), -32602],
  ['wallet_switchEthereumChain', 'a list', same([]), -32602],
  ['wallet_switchEthereumChain', 'a text', same('0x1'), -32602],
  ['wallet_switchEthereumChain', 'a number', same({ chainId: 1 }), -32602],
  ['wallet_switchEthereumChain', 'decimals', same({ chainId: '31337' }), -32602],
  ['wallet_switchEthereumChain', 'zero', same({ chainId: '0x0' }), -32602],
  ['wallet_switchEthereumChain', 'leading zeros', same({ chainId: '0x07a69' }), -32602],
  ['wallet_switchEthereumChain', 'an object', same({ chainId: { toString: '0x1' } }), -32602],
  ['wallet_switchEthereumChain', 'a huge number', same({ chainId: `0x${'f'.repeat(64)}` }), -32602],
  ['wallet_switchEthereumChain', 'an endless number', same({ chainId: `0x1${LONG}` }), -32602],
  ['wallet_switchEthereumChain', 'an unknown chain', same({ chainId: '0x1' }), 4902],
  ['wallet_switchEthereumChain', 'a polluted object', same(polluted('{"__proto__":{"chainId":"0xaa36a7"}}')), -32602],

  ['wallet_addEthereumChain', 'nothing', same(), -32602],
  ['wallet_addEthereumChain', 'no id', same({ ...CHAIN, chainId: undefined }), -32602],
  ['wallet_addEthereumChain', 'no name', same({ ...CHAIN, chainName: ' ' }), -32602],
  ['wallet_addEthereumChain', 'a long name', same({ ...CHAIN, chainName: LONG }), -32602],
  ['wallet_addEthereumChain', 'half a character', same({ ...CHAIN, chainName: '\ud800' }), -32602],
  ['wallet_addEthereumChain', 'no coin', same({ ...CHAIN, nativeCurrency: null }), -32602],
  [
    'wallet_addEthereumChain',
    'half a decimal',
    same({ ...CHAIN, nativeCurrency: { ...CHAIN.nativeCurrency, decimals: 0.5 } }),
    -32602,
  ],
  ['wallet_addEthereumChain', 'no node', same({ ...CHAIN, rpcUrls: [] }), -32602],
  ['wallet_addEthereumChain', 'nodes that are none', same({ ...CHAIN, rpcUrls: [{}] }), -32602],
  ['wallet_addEthereumChain', 'a node in the clear', same({ ...CHAIN, rpcUrls: ['http://node.example'] }), -32602],
  [
    'wallet_addEthereumChain',
    'a host that begins like this one',
    same({ ...CHAIN, rpcUrls: ['http://localhost.example'] }),
    -32602,
  ],
  ['wallet_addEthereumChain', 'a script', same({ ...CHAIN, blockExplorerUrls: ['javascript:alert(1)'] }), -32602],
  [
    'wallet_addEthereumChain',
    'many nodes',
    same({ ...CHAIN, rpcUrls: Array(17).fill('https://node.example') }),
    -32602,
  ],
  ['wallet_addEthereumChain', 'a long URL', same({ ...CHAIN, rpcUrls: [`https://${LONG}`] }), -32602],

  ['wallet_requestPermissions', 'nothing', same(), -32602],
  ['wallet_requestPermissions', 'no permission', same({}), -32602],
  ['wallet_requestPermissions', 'another permission', same({ eth_accounts: {}, eth_sign: {} }), -32602],
  ['wallet_requestPermissions', 'a polluted object', same(polluted('{"__proto__":{"eth_accounts":{}}}')), -32602],
  ['wallet_revokePermissions', 'nothing', same(), -32602],
  ['wallet_revokePermissions', 'another permission', same({ eth_sign: {} }), -32602],

  ['personal_sign', 'no address', same('0x00'), -32602],
  ['personal_sign', 'another address', same('0x00', OTHER), 4100],
  ['personal_sign', 'another address first', same(OTHER, 'a text'), 4100],
  ['personal_sign', 'no message', (own) => [own], -32602],
  ['personal_sign', 'an object', (own) => [{ raw: '0x00' }, own], -32602],
  ['personal_sign', 'half a byte', (own) => [own, '0x123'], -32602],
  ['eth_signTypedData_v4', 'the order of v1', (own) => [TYPED_DATA, own], -32602],
  [
    'eth_signTypedData_v4',
    'another chain',
    (own) => [own, { ...TYPED_DATA, domain: { ...TYPED_DATA.domain, chainId: sepolia.id } }],
    -32602,
  ],
  [
    'eth_signTypedData_v4',
    'a polluted message',
    (own) => [own, JSON.stringify(TYPED_DATA).replace('"amount":"5"', '"amount":"5","__proto__":{}')],
    -32602,
  ],
  ['eth_signTypedData_v4', 'no JSON', (own) => [own, LONG], -32602],
  ['eth_sendTransaction', 'a polluted object', same(polluted(`{"__proto__":${JSON.stringify(TRANSFER)}}`)), -32602],
  ['eth_sendTransaction', 'a delegation', same({ ...TRANSFER, type: '0x4', authorizationList: [] }), -32602],
  ['eth_sendTransaction', 'another chain', same({ ...TRANSFER, chainId: '0xaa36a7' }), -32602],
  ['eth_sendTransaction', 'another account', same({ ...TRANSFER, from: OTHER }), 4100],

  ['wallet_sendCalls', 'nothing', same(), -32602],
  ['wallet_sendCalls', 'no version', same({ ...BATCH, version: undefined }), -32602],
  ['wallet_sendCalls', 'another version', same({ ...BATCH, version: '1.0' }), -32602],
  ['wallet_sendCalls', 'no chain', same({ ...BATCH, chainId: undefined }), -32602],
  ['wallet_sendCalls', 'an unknown chain', same({ ...BATCH, chainId: '0x1' }), 5710],
  ['wallet_sendCalls', 'another account', same({ ...BATCH, from: OTHER }), 4100],
  ['wallet_sendCalls', 'no account', same({ ...BATCH, from: 'me' }), -32602],
  ['wallet_sendCalls', 'perhaps atomic', same({ ...BATCH, atomicRequired: 'false' }), -32602],
  ['wallet_sendCalls', 'an unknown field', same({ ...BATCH, gas: '0x1' }), -32602],
  ['wallet_sendCalls', 'no calls', same({ ...BATCH, calls: [] }), -32602],
  ['wallet_sendCalls', 'calls that are none', same({ ...BATCH, calls: [null] }), -32602],
  [
    'wallet_sendCalls',
    'an unknown field of a call',
    same({ ...BATCH, calls: [{ ...CALL, authorizationList: [] }] }),
    -32602,
  ],
  ['wallet_sendCalls', 'a call to nobody', same({ ...BATCH, calls: [{ value: '0x1' }] }), -32602],
  ['wallet_sendCalls', 'half a byte', same({ ...BATCH, calls: [{ ...CALL, data: '0x1' }] }), -32602],
  ['wallet_sendCalls', 'a number', same({ ...BATCH, calls: [{ ...CALL, value: 1 }] }), -32602],
  [
    'wallet_sendCalls',
    'a polluted call',
    same({ ...BATCH, calls: [polluted(`{"__proto__":${JSON.stringify(CALL)}}`)] }),
    -32602,
  ],
  ['wallet_sendCalls', 'too many calls', same({ ...BATCH, calls: Array(65).fill(CALL) }), 5740],
  [
    'wallet_sendCalls',
    'a capability',
    same({ ...BATCH, capabilities: { paymasterService: { url: 'https://a.example' } } }),
    5700,
  ],
  [
    'wallet_sendCalls',
    'a capability of a call',
    same({ ...BATCH, calls: [{ ...CALL, capabilities: { gas: null } }] }),
    5700,
  ],
  [
    'wallet_sendCalls',
    'a capability that says to be optional',
    same({ ...BATCH, capabilities: { a: { optional: 'true' } } }),
    5700,
  ],
  ['wallet_sendCalls', 'capabilities in a list', same({ ...BATCH, capabilities: 'all' }), -32602],
  ['wallet_sendCalls', 'an id that is none', same({ ...BATCH, id: 5 }), -32602],
  ['wallet_sendCalls', 'a long id', same({ ...BATCH, id: LONG }), -32602],
  [
    'wallet_sendCalls',
    'what cannot be one transaction',
    same({ ...BATCH, atomicRequired: true, calls: [CALL, CALL] }),
    5760,
  ],
  ['wallet_getCallsStatus', 'nothing', same(), -32602],
  ['wallet_getCallsStatus', 'an unknown id', same('0x12'), 5730],
  ['wallet_getCallsStatus', 'a name of every object', same('__proto__'), 5730],
  ['wallet_getCapabilities', 'nothing', same(), -32602],
  ['wallet_getCapabilities', 'another account', same(OTHER), 4100],
  ['wallet_getCapabilities', 'a chain that is no list', (own) => [own, '0x1'], -32602],
  ['wallet_getCapabilities', 'chains that are none', (own) => [own, [1]], -32602],
  ['wallet_showCallsStatus', 'anything', same('0x12'), -32601],
  ['wallet_watchAsset', 'anything', same({}), -32601],
])('%s with %s is refused with its code, and nobody is asked', async (method, _name, params, code) => {
  const { wallet, account, node, asked, request } = await setup()
  await expect(request(method, params(account.address))).rejects.toMatchObject({ name: 'ProviderRpcError', code })
  expect([asked, wallet.requests, node.sent]).toEqual([[], [], []])
  expect(await request('eth_chainId', [])).toBe('0x7a69')
  expect(await request('eth_accounts', [])).toEqual([account.address])
})

test('two batches with one id are one, also at the same time', async () => {
  const { request, node } = await setup()
  const batch = { ...BATCH, id: 'mine', calls: [{ ...CALL, capabilities: { a: { optional: true } } }] }
  const send = (): Promise<unknown> => request('wallet_sendCalls', [batch])
  const [first, second] = await Promise.allSettled([send(), send()])
  expect(first).toEqual({ status: 'fulfilled', value: { id: 'mine' } })
  expect(second).toMatchObject({ reason: { code: 5720 } })
  await expect(send()).rejects.toMatchObject({ code: 5720 })
  expect(node.sent).toHaveLength(1)
  expect(await request('wallet_getCallsStatus', ['mine'])).toMatchObject({ id: 'mine', status: 100, atomic: true })
})

test('a node whose receipts and code are nonsense promises nothing', async () => {
  const { request, account } = await setup({ eth_getCode: () => 5, eth_call: () => '0x' })
  expect(await request('wallet_getCapabilities', [account.address, ['0x7a69', '0x1']])).toEqual({
    '0x7a69': { atomic: { status: 'unsupported' } },
  })
})
