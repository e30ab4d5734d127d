import { createWalletClient, custom, http, parseEther, type Address, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../../../src/adapters/viem/provider.ts'
import type { ProviderRequest } from '../../../src/adapters/viem/signature-request.ts'
import { ethereumIntents } from '../../../src/policy/ethereum/index.ts'
import { all, batches, maximum, recipients } from '../../../src/policy/index.ts'
import { anvilClient, startAnvil, type Anvil } from '../../support/anvil.ts'
import { BATCH_EXECUTOR } from '../../support/erc7821.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const EXECUTOR = '0x00000000000000000000000000000000000e7821'
/** PUSH0, PUSH0, LOG0: it logs nothing, and takes ether. */
const LOGS = '0x00000000000000000000000000000000000010f5'
/** PUSH0, PUSH0, REVERT */
const REVERTS = '0x000000000000000000000000000000000000dead'

const chain = { ...foundry, blockTime: 100 }
let anvil: Anvil
let node: ReturnType<typeof anvilClient>

beforeAll(async () => {
  anvil = await startAnvil()
  node = anvilClient(anvil)
  await node.setCode({ address: EXECUTOR, bytecode: BATCH_EXECUTOR })
  await node.setCode({ address: LOGS, bytecode: '0x5f5fa0' })
  await node.setCode({ address: REVERTS, bytecode: '0x5f5ffd' })
})
afterAll(() => anvil.stop())

/** A page with viem, and an account with ten ether. */
async function page(parameters: Partial<EthereumProviderParameters> = {}) {
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet)
  await node.setBalance({ address: account.address, value: parseEther('10') })
  const asked: ProviderRequest[] = []
  const approve = (request: ProviderRequest): boolean => asked.push(request) > 0
  const provider = ethereumProvider({ account, chain, transport: http(anvil.url), approve, ...parameters })
  const client = createWalletClient({ account: account.address, chain, transport: custom(provider) })
  return { wallet, account, asked, client }
}

/** How viem passes the code of EIP-5792 on. */
const NOT_ATOMIC = { cause: { code: 5760 } }
const delegates = { [foundry.id]: EXECUTOR } as const
const pay = (to: Address, value = 1n) => ({ to, value })
const fresh = (): Address => `0x${crypto.randomUUID().replaceAll('-', '').padStart(40, 'a')}`

test('a batch is one transaction by which the account gets the code for it, and the next needs no code', async () => {
  const { wallet, account, asked, client } = await page({ delegates })
  const [first, second] = [fresh(), fresh()]
  const chains = async (): Promise<unknown> => (await client.getCapabilities({ chainId: foundry.id })).atomic
  expect(await chains()).toEqual({ status: 'ready' })

  const { id } = await client.sendCalls({ calls: [pay(first, 5n), pay(LOGS), pay(second, 6n)], forceAtomic: true })
  const status = await client.waitForCallsStatus({ id })
  expect(status).toMatchObject({ statusCode: 200, atomic: true, chainId: foundry.id, version: '2.0.0' })
  expect(status.receipts?.map(({ logs }) => logs)).toEqual([[{ address: LOGS, data: '0x', topics: [] }]])
  expect(await Promise.all([first, second].map((address) => node.getBalance({ address })))).toEqual([5n, 6n])
  expect(await node.getCode({ address: account.address })).toBe(`0xef0100${EXECUTOR.slice(2)}`)

  expect(await chains()).toEqual({ status: 'supported' })
  const again = await client.sendCalls({ calls: [pay(first), pay(second)] })
  expect(await client.waitForCallsStatus(again)).toMatchObject({ statusCode: 200, atomic: true })
  expect(await node.getBalance({ address: first })).toBe(6n)

  // What is approved, and what the server's policy reads, is all that was signed.
  const [upgrade, later] = asked.map(({ params }) => params[0]) as never[]
  const calls = [pay(first, 5n), pay(LOGS), pay(second, 6n)].map(({ to, value }) => ({
    value: `0x${value}`,
    data: '0x',
    to,
  }))
  const lower = JSON.parse(JSON.stringify(upgrade).toLowerCase()) as object
  expect(lower).toMatchObject({ calls, delegate: EXECUTOR, atomicrequired: true, from: account.address.toLowerCase() })
  expect(later).not.toHaveProperty('delegate')
  const publicKey = await wallet.getPublicKey('secp256k1')
  const intents = wallet.requests.map(({ intent, signed }) => {
    const decoded = ethereumIntents().decode(intent!, { scheme: 'ecdsa', message: signed, publicKey })
    expect(decoded).toMatchObject({ message: signed })
    return decoded.intent
  })
  expect(intents).toMatchObject([
    { kind: 'ethereumAuthorization', chainId: foundry.id, nonce: 1 },
    { kind: 'ethereumTransaction', type: 'eip7702', to: account.address, authorizations: [{ nonce: 1 }] },
    { kind: 'ethereumTransaction', type: 'eip1559', to: account.address, authorizations: [] },
  ])
  // A policy sees what is in the batches.
  const limit = maximum({ [`ethereum:${foundry.id}`]: parseEther('1') })
  const rule = batches(all(recipients([first, second, LOGS]), limit), { delegates: [EXECUTOR] })
  const allowed = intents.map((intent) => rule.judge({ clientId: 'ann', action: 'sign', intent }).allowed)
  expect(allowed).toEqual([false, true, true])
})

test('a batch of which one call reverts is not sent, and one that reverts on the chain changes nothing', async () => {
  const { client } = await page({ delegates })
  const to = fresh()
  await expect(client.sendCalls({ calls: [pay(to), { to: REVERTS }] })).rejects.toThrow(/revert/)
  expect(await node.getBalance({ address: to })).toBe(0n)

  // The node believes that it does not revert, until it is mined.
  const trap = fresh()
  const { id } = await whileNodeHolds(async () => {
    const sent = await client.sendCalls({ calls: [pay(to), { to: trap }], forceAtomic: true })
    await node.setCode({ address: trap, bytecode: '0x5f5ffd' })
    return sent
  })
  expect(await client.waitForCallsStatus({ id })).toMatchObject({ statusCode: 500, atomic: true })
  expect(await node.getBalance({ address: to })).toBe(0n)
})

test('without a delegate, calls are sent one after the other, and never as if they were one', async () => {
  const { client, asked } = await page()
  const [first, second] = [fresh(), fresh()]
  const calls = [pay(first), pay(LOGS), pay(second)]
  expect((await client.getCapabilities({ chainId: foundry.id })).atomic).toEqual({ status: 'unsupported' })
  await expect(client.sendCalls({ calls, forceAtomic: true })).rejects.toMatchObject(NOT_ATOMIC)
  expect(asked).toEqual([])
  const { id } = await client.sendCalls({ calls })
  const status = await client.waitForCallsStatus({ id })
  expect(status).toMatchObject({ statusCode: 200, atomic: false })
  expect(status.receipts).toHaveLength(3)
  expect(asked.map(({ method }) => method)).toEqual(Array(3).fill('eth_sendTransaction'))
  const one = await client.sendCalls({ calls: [pay(first)], forceAtomic: true })
  expect(await client.waitForCallsStatus(one)).toMatchObject({ statusCode: 200, atomic: true })
})

test('a call that reverts on the chain, or is refused, ends a batch that is not one transaction', async () => {
  let left = 2
  const { client } = await page({ approve: () => left-- > 0 })
  const [first, second] = [fresh(), fresh()]
  const { id } = await client.sendCalls({ calls: [pay(first), pay(LOGS), pay(second)] })
  const status = await client.waitForCallsStatus({ id })
  expect(status).toMatchObject({ statusCode: 600, atomic: false })
  expect(status.receipts).toHaveLength(2)
  expect(await node.getBalance({ address: second })).toBe(0n)

  left = 3
  const trap = fresh()
  const reverted = await whileNodeHolds(async () => {
    const sent = await client.sendCalls({ calls: [{ to: trap }, pay(second)] })
    await node.setCode({ address: trap, bytecode: '0x5f5ffd' })
    return sent
  })
  expect(await client.waitForCallsStatus(reverted)).toMatchObject({ statusCode: 500, atomic: false })
  expect(await node.getBalance({ address: second })).toBe(0n)
})

test.each<[string, (own: Address) => Promise<unknown>]>([
  ['the account has the code of another contract', (own) => setCode(own, `0xef0100${LOGS.slice(2)}`)],
  ['the delegate has no code', () => setCode(EXECUTOR, '0x')],
  ['the delegate does not execute batches', () => setCode(EXECUTOR, '0x5f5fa0')],
])('no batch is one transaction if %s', async (_name, change) => {
  const { account, client, asked } = await page({ delegates })
  await change(account.address)
  try {
    expect((await client.getCapabilities({ chainId: foundry.id })).atomic).toEqual({ status: 'unsupported' })
    const calls = [pay(fresh()), pay(fresh())]
    await expect(client.sendCalls({ calls, forceAtomic: true })).rejects.toMatchObject(NOT_ATOMIC)
    expect(asked).toEqual([])
  } finally {
    await setCode(EXECUTOR, BATCH_EXECUTOR)
  }
})

test('calls to the account itself, to nobody and to the zero address are never nested in a batch', async () => {
  const { account, client, asked } = await page({ delegates })
  const zero = `0x${'00'.repeat(20)}` as const
  for (const call of [{ to: account.address, data: '0x01' }, { to: zero }, { data: '0x00' }] as const) {
    const sent = client.sendCalls({ calls: [pay(fresh()), call as { to: Address }], forceAtomic: true })
    await expect(sent).rejects.toMatchObject(NOT_ATOMIC)
  }
  expect(asked).toEqual([])
})

test('a page cannot hide a batch in a transaction of the account to itself', async () => {
  const { account, client, asked } = await page({ delegates })
  const hidden = { to: account.address, data: '0xe9ae5c53' } as const
  await expect(client.sendTransaction(hidden)).rejects.toThrow(/wallet_sendCalls/)
  await expect(client.sendCalls({ calls: [hidden] })).rejects.toThrow(/wallet_sendCalls/)
  await expect(client.sendCalls({ calls: [pay(fresh()), hidden] })).resolves.toBeDefined()
  expect(asked).toMatchObject([{ method: 'eth_sendTransaction', params: [{ value: '0x1' }] }])
  await client.sendTransaction({ to: account.address, value: 1n })
})

test('a batch is refused if the account loses its code while the user is asked', async () => {
  const { account, client } = await page({
    delegates,
    approve: async () => {
      await setCode(account.address, `0xef0100${LOGS.slice(2)}`)
      return true
    },
  })
  const sent = client.sendCalls({ calls: [pay(fresh()), pay(fresh())] })
  await expect(sent).rejects.toMatchObject(NOT_ATOMIC)
})

function setCode(address: Address, bytecode: Hex): Promise<void> {
  return node.setCode({ address, bytecode })
}

/** Transactions that are sent meanwhile are mined afterwards. */
async function whileNodeHolds<T>(work: () => Promise<T>): Promise<T> {
  await node.setAutomine(false)
  try {
    return await work()
  } finally {
    await node.setAutomine(true)
    await node.mine({ blocks: 1 })
  }
}
