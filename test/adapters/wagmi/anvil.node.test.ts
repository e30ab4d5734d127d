import { http, parseEther, type Address } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { wagmiConnector, type WagmiConnectorParameters } from '../../../src/adapters/wagmi/connector.ts'
import { anvilClient, startAnvil, type Anvil } from '../../support/anvil.ts'
import { BATCH_EXECUTOR } from '../../support/erc7821.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { wagmi } from './wagmi.mjs'

const EXECUTOR = '0x00000000000000000000000000000000000e7821'
const [FIRST, SECOND] = [
  '0x00000000000000000000000000000000000a11ce',
  '0x0000000000000000000000000000000000000b0b',
] as const

let anvil: Anvil

beforeAll(async () => {
  anvil = await startAnvil()
  await anvilClient(anvil).setCode({ address: EXECUTOR, bytecode: BATCH_EXECUTOR })
})
afterAll(() => anvil.stop())

/** A page that is connected, with an account that has ten ether. */
async function page(parameters: Partial<WagmiConnectorParameters> = {}) {
  const account = await createEthereumAccount(fakeWallet(seededRandom()))
  await anvilClient(anvil).setBalance({ address: account.address, value: parseEther('10') })
  const config = wagmi.createConfig({
    chains: [foundry],
    connectors: [wagmiConnector({ account: () => account, ...parameters })],
    multiInjectedProviderDiscovery: false,
    pollingInterval: 50,
    transports: { [foundry.id]: http(anvil.url) },
  })
  await wagmi.connect(config, { connector: config.connectors[0] })
  const balance = async (address: Address): Promise<bigint> => (await wagmi.getBalance(config, { address })).value
  return { account, config, balance }
}

test('wagmi sends ether', async () => {
  const { config, balance } = await page()
  const hash = await wagmi.sendTransaction(config, { to: FIRST, value: 5n })
  expect(await wagmi.waitForTransactionReceipt(config, { hash })).toMatchObject({ status: 'success' })
  expect(await balance(FIRST)).toBe(5n)
})

test('wagmi sends a batch as one transaction', async () => {
  const { config, balance } = await page({ delegates: { [foundry.id]: EXECUTOR } })
  expect((await wagmi.getCapabilities(config, { chainId: foundry.id })).atomic).toEqual({ status: 'ready' })
  const before = await balance(FIRST)
  const calls = [{ to: FIRST, value: 1n }, { to: SECOND, value: 2n }] as const // prettier-ignore
  const { id } = await wagmi.sendCalls(config, { calls, forceAtomic: true })
  const status = await wagmi.waitForCallsStatus(config, { id })
  expect(status).toMatchObject({ atomic: true, status: 'success', statusCode: 200 })
  expect([(await balance(FIRST)) - before, await balance(SECOND)]).toEqual([1n, 2n])
})
