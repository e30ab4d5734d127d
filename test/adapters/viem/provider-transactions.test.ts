import { parseTransaction, recoverTransactionAddress, type EIP1193Provider, type Hex, type NonceManager } from 'viem'
import { foundry } from 'viem/chains'
import { expect, test, vi } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider } from '../../../src/adapters/viem/provider.ts'
import { MpcError } from '../../../src/errors.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { type Answer, OTHER, TRANSFER, fakeNode, setup } from './example-provider.ts'

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
