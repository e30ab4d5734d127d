import { BrowserProvider, parseEther, verifyMessage, verifyTypedData } from 'ethers'
import { http } from 'viem'
import { foundry, sepolia } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider, type EthereumProviderParameters } from '../../../src/adapters/viem/provider.ts'
import { anvilClient, startAnvil, type Anvil } from '../../support/anvil.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { fakeNode, OTHER } from './example-provider.ts'

let anvil: Anvil

beforeAll(async () => {
  anvil = await startAnvil()
})
afterAll(() => anvil.stop())

/** A page with ethers, and an account with ten ether. */
async function page(parameters: Partial<EthereumProviderParameters> = {}) {
  const account = await createEthereumAccount(fakeWallet(seededRandom()))
  await anvilClient(anvil).setBalance({ address: account.address, value: parseEther('10') })
  const sepoliaNode = fakeNode({ eth_chainId: () => '0xaa36a7' })
  const provider = ethereumProvider({
    account,
    chain: foundry,
    transport: http(anvil.url),
    otherChains: [{ chain: sepolia, transport: sepoliaNode.transport }],
    ...parameters,
  })
  const browser = new BrowserProvider(provider, 'any', { cacheTimeout: -1 })
  return { account, browser, signer: await browser.getSigner() }
}

const DOMAIN = { name: 'Ether Mail', version: '1', chainId: foundry.id, verifyingContract: OTHER }
const TYPES = { Mail: [{ name: 'to', type: 'Person[]' }, { name: 'amount', type: 'uint256' }], Person: [{ name: 'name', type: 'string' }] } // prettier-ignore
const MAIL = { to: [{ name: 'Bob' }], amount: 2n ** 200n }

test('ethers signs texts, bytes and typed data', async () => {
  const { account, signer } = await page()
  expect(await signer.getAddress()).toBe(account.address)
  for (const message of ['a text', '0xhello', '0x00', new Uint8Array([0, 255]), '']) {
    expect(verifyMessage(message, await signer.signMessage(message))).toBe(account.address)
  }
  const signature = await signer.signTypedData(DOMAIN, TYPES, MAIL)
  expect(verifyTypedData(DOMAIN, TYPES, MAIL, signature)).toBe(account.address)
  const elsewhere = signer.signTypedData({ ...DOMAIN, chainId: 1 }, TYPES, MAIL)
  await expect(elsewhere).rejects.toMatchObject({ error: { code: -32602 } })
})

test('ethers sends transactions, one after the other and at once', async () => {
  const { browser, signer } = await page()
  const before = await browser.getBalance(OTHER)
  const sent = await signer.sendTransaction({ to: OTHER, value: 5n, gasLimit: 30_000n })
  expect(await sent.wait()).toMatchObject({ status: 1, to: OTHER })
  expect((await browser.getTransaction(sent.hash))?.gasLimit).toBe(30_000n)
  const others = await Promise.all([1n, 2n].map((value) => signer.sendTransaction({ to: OTHER, value })))
  const receipts = await Promise.all(others.map((one) => one.wait()))
  expect(receipts.map((receipt) => receipt?.status)).toEqual([1, 1])
  expect((await browser.getBalance(OTHER)) - before).toBe(8n)
})

test('ethers reads a refusal', async () => {
  const { signer } = await page({ approve: () => false })
  await expect(signer.signMessage('a text')).rejects.toMatchObject({ code: 'ACTION_REJECTED' })
  const sent = signer.sendTransaction({ to: OTHER, value: 5n })
  await expect(sent).rejects.toMatchObject({ code: 'ACTION_REJECTED' })
})

test('ethers follows a switch of the chain', async () => {
  const { browser, account } = await page()
  expect((await browser.getNetwork()).chainId).toBe(BigInt(foundry.id))
  await browser.send('wallet_switchEthereumChain', [{ chainId: '0xaa36a7' }])
  // ethers returns the network it knew, and takes over the new one.
  await browser.getNetwork()
  expect((await browser.getNetwork()).chainId).toBe(BigInt(sepolia.id))
  const signer = await browser.getSigner()
  const domain = { ...DOMAIN, chainId: sepolia.id }
  const signature = await signer.signTypedData(domain, TYPES, MAIL)
  expect(verifyTypedData(domain, TYPES, MAIL, signature)).toBe(account.address)
  const unknown = browser.send('wallet_switchEthereumChain', [{ chainId: '0x1' }])
  await expect(unknown).rejects.toMatchObject({ error: { code: 4902 } })
})
