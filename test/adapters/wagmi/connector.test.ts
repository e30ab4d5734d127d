import { parseTransaction, recoverMessageAddress, recoverTypedDataAddress, type Hex, type LocalAccount } from 'viem'
import { foundry, sepolia } from 'viem/chains'
import { expect, test, vi } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { wagmiConnector, type WagmiConnectorParameters } from '../../../src/adapters/wagmi/connector.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { fakeNode, OTHER, TYPED_DATA } from '../viem/example-provider.ts'
import { wagmi } from './wagmi.mjs'

const GAS = { eth_estimateGas: () => '0x5208' }

/** What outlives a page. */
function memoryStorage() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

/** A page with wagmi, and a wallet behind its connector. */
async function page(
  parameters: Partial<WagmiConnectorParameters> & { memory?: ReturnType<typeof memoryStorage> } = {},
) {
  const { memory = memoryStorage(), ...options } = parameters
  const account = await createEthereumAccount(fakeWallet(seededRandom()))
  const nodes = {
    [foundry.id]: fakeNode(GAS),
    [sepolia.id]: fakeNode({ ...GAS, eth_chainId: () => `0x${sepolia.id.toString(16)}` }),
  } as const
  const connector = wagmiConnector({ account: () => account, ...options })
  const config = wagmi.createConfig({
    chains: [foundry, sepolia],
    connectors: [connector],
    multiInjectedProviderDiscovery: false,
    storage: wagmi.createStorage({ storage: memory }),
    transports: { [foundry.id]: nodes[foundry.id].transport, [sepolia.id]: nodes[sepolia.id].transport },
  })
  const [wallet] = config.connectors
  return { account, nodes, config, connector: wallet, memory }
}

test('connects, signs and sends by wagmi', async () => {
  const { account, nodes, config, connector } = await page()
  const connected = await wagmi.connect(config, { connector })
  expect(connected).toEqual({ accounts: [account.address], chainId: foundry.id })
  expect(wagmi.getConnection(config)).toMatchObject({ address: account.address, status: 'connected' })

  const message = 'a text'
  const signature = await wagmi.signMessage(config, { message })
  expect(await recoverMessageAddress({ message, signature })).toBe(account.address)

  const typedData = { ...TYPED_DATA, message: { amount: 5n } } as never as Parameters<typeof recoverTypedDataAddress>[0]
  const signed = await wagmi.signTypedData(config, typedData)
  expect(await recoverTypedDataAddress({ ...typedData, signature: signed })).toBe(account.address)

  await wagmi.sendTransaction(config, { to: OTHER, value: 5n })
  expect(parseTransaction(nodes[foundry.id].sent[0] as Hex)).toMatchObject({ value: 5n, chainId: foundry.id })
})

test('switches the chain, and sends there', async () => {
  const { nodes, config, connector } = await page()
  await wagmi.connect(config, { connector })
  expect(await wagmi.switchChain(config, { chainId: sepolia.id })).toMatchObject({ id: sepolia.id })
  expect(wagmi.getConnection(config).chainId).toBe(sepolia.id)
  await wagmi.sendTransaction(config, { to: OTHER, value: 6n })
  expect(nodes[foundry.id].sent).toEqual([])
  expect(parseTransaction(nodes[sepolia.id].sent[0] as Hex)).toMatchObject({ value: 6n, chainId: sepolia.id })
  await expect(wagmi.sendTransaction(config, { to: OTHER, value: 6n, chainId: foundry.id })).rejects.toThrow(/chain/)
  await expect(wagmi.switchChain(config, { chainId: 1 as never })).rejects.toMatchObject({ code: 4902 })
})

test('connects to a chain that is asked for', async () => {
  const { config, connector } = await page()
  expect(await wagmi.connect(config, { connector, chainId: sepolia.id })).toMatchObject({ chainId: sepolia.id })
})

test('signs nothing after it was disconnected, and connects again', async () => {
  const { account, config, connector } = await page()
  await wagmi.connect(config, { connector })
  const provider = (await connector.getProvider()) as { request: (request: object) => Promise<unknown> }
  await wagmi.disconnect(config)
  expect(wagmi.getConnection(config).status).toBe('disconnected')
  const request = { method: 'personal_sign', params: ['0x00', account.address] }
  await expect(provider.request(request)).rejects.toMatchObject({ code: 4100 })
  await expect(connector.getProvider()).rejects.toMatchObject({ code: 4100 })
  expect(await connector.isAuthorized()).toBe(false)
  await wagmi.connect(config, { connector })
  expect(await wagmi.signMessage(config, { message: 'a text' })).toMatch(/^0x/)
})

test('a page that gives the account back is disconnected', async () => {
  const { config, connector, memory } = await page()
  await wagmi.connect(config, { connector })
  const provider = (await connector.getProvider()) as { request: (request: object) => Promise<unknown> }
  await provider.request({ method: 'wallet_revokePermissions', params: [{ eth_accounts: {} }] })
  await vi.waitFor(() => expect(wagmi.getConnection(config).status).toBe('disconnected'))
  const again = await page({ memory })
  expect(await wagmi.reconnect(again.config)).toEqual([])
})

test('reconnects when the page is loaded again, to the chain it had', async () => {
  const first = await page()
  await wagmi.connect(first.config, { connector: first.connector })
  await wagmi.switchChain(first.config, { chainId: sepolia.id })
  const account = vi.fn(() => first.account)
  const second = await page({ memory: first.memory, account })
  await wagmi.reconnect(second.config)
  const { address, chainId, status } = wagmi.getConnection(second.config)
  expect({ address, chainId, status }).toEqual({
    address: first.account.address,
    chainId: sepolia.id,
    status: 'connected',
  })
  expect(account.mock.calls).toEqual([[{ isReconnecting: true }]])
})

test('does not make an account for a page that never connected', async () => {
  const account = vi.fn<WagmiConnectorParameters['account']>()
  const { config } = await page({ account })
  expect(await wagmi.reconnect(config)).toEqual([])
  expect(account).not.toHaveBeenCalled()
})

test.each<[string, WagmiConnectorParameters['account'], object]>([
  ['there is none', () => undefined, { code: 4100 }],
  ['it cannot be made', () => Promise.reject(new Error('no wallet here')), { message: 'no wallet here' }],
])('an account that is not there: %s', async (_name, account, error) => {
  const { config, connector } = await page({ account })
  await expect(wagmi.connect(config, { connector })).rejects.toMatchObject(error)
  expect(wagmi.getConnection(config).status).toBe('disconnected')
  expect(await connector.isAuthorized()).toBe(false)
})

test('an account that comes after it was disconnected is not connected', async () => {
  let resolve: (account: LocalAccount) => void = () => undefined
  const made = new Promise<LocalAccount>((done) => (resolve = done))
  const { account, config, connector } = await page({ account: () => made })
  const connecting = wagmi.connect(config, { connector })
  await connector.disconnect()
  resolve(account)
  await expect(connecting).rejects.toMatchObject({ code: 4001 })
  await expect(connector.getProvider()).rejects.toMatchObject({ code: 4100 })
})

test('asks for approval', async () => {
  const approve = vi.fn(() => false)
  const { account, config, connector } = await page({ approve })
  await wagmi.connect(config, { connector })
  await expect(wagmi.signMessage(config, { message: 'a text' })).rejects.toMatchObject({
    name: 'UserRejectedRequestError',
  })
  expect(approve.mock.calls).toMatchObject([
    [{ method: 'personal_sign', params: ['0x612074657874', account.address] }, {}],
  ])
})

test('wrong arguments', () => {
  const account = (): undefined => undefined
  for (const wrong of [undefined, {}, { account: 5 }, { account, id: '' }, { account, name: 5 }]) {
    expect(() => wagmiConnector(wrong as never)).toThrow(TypeError)
  }
})
