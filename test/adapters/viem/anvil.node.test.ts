import { createWalletClient, http, numberToHex, parseEther, type Address, type Hex } from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEthereumAccount, type EthereumAccount } from '../../../src/adapters/viem/account.ts'
import { ethereumProvider } from '../../../src/adapters/viem/provider.ts'
import { anvilClient, creationCode, startAnvil, type Anvil } from '../../support/anvil.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const RECIPIENT = '0x000000000000000000000000000000000000dEaD' as const

let anvil: Anvil
let chain: ReturnType<typeof anvilClient>

beforeAll(async () => {
  anvil = await startAnvil()
  chain = anvilClient(anvil)
})
afterAll(() => anvil.stop())

/** An account with 10 ether, and viem's client for it. */
async function richAccount() {
  const account = await createEthereumAccount(fakeWallet(seededRandom()), { path: 'm/0' })
  await chain.setBalance({ address: account.address, value: parseEther('10') })
  return { account, client: createWalletClient({ account, chain: foundry, transport: http(anvil.url) }) }
}

test.each(['legacy', 'eip2930', 'eip1559'] as const)('a transaction of type %s is mined', async (type) => {
  const { account, client } = await richAccount()
  const before = await chain.getBalance({ address: RECIPIENT })
  const accessList = type === 'eip2930' ? { accessList: [] } : {}
  const hash = await client.sendTransaction({ to: RECIPIENT, value: parseEther('1'), type, ...accessList } as never)
  const receipt = await chain.waitForTransactionReceipt({ hash })
  expect(receipt).toMatchObject({ status: 'success', type, from: account.address.toLowerCase() })
  expect((await chain.getBalance({ address: RECIPIENT })) - before).toBe(parseEther('1'))
})

test('a delegation is mined in a transaction of EIP-7702', async () => {
  const { account, client } = await richAccount()
  // PUSH1 42, PUSH1 0, MSTORE, PUSH1 32, PUSH1 0, RETURN
  const contract = await deployed(account, creationCode('0x602a60005260206000f3'))
  const authorization = await client.signAuthorization({ contractAddress: contract, executor: 'self' })
  const hash = await client.sendTransaction({ to: account.address, authorizationList: [authorization] })
  expect(await chain.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success', type: 'eip7702' })
  expect(await chain.getCode({ address: account.address })).toBe(`0xef0100${contract.slice(2).toLowerCase()}`)
  expect((await chain.call({ to: account.address })).data).toBe(numberToHex(42, { size: 32 }))

  async function deployed(deployer: EthereumAccount, data: Hex): Promise<Address> {
    const receipt = await chain.waitForTransactionReceipt({
      hash: await client.sendTransaction({ account: deployer, data }),
    })
    return receipt.contractAddress as Address
  }
})

test('the provider sends several transactions at once, and reads', async () => {
  const { account } = await richAccount()
  const provider = ethereumProvider({ account, chain: foundry, transport: http(anvil.url) })
  const transaction = { from: account.address, to: RECIPIENT, value: numberToHex(1) } as const
  const hashes = await Promise.all(
    [1, 2, 3].map(() => provider.request({ method: 'eth_sendTransaction', params: [transaction] })),
  )
  const receipts = await Promise.all(hashes.map((hash) => chain.waitForTransactionReceipt({ hash })))
  expect(receipts.map(({ status }) => status)).toEqual(['success', 'success', 'success'])
  const count = await provider.request({ method: 'eth_getTransactionCount', params: [account.address, 'latest'] })
  expect(count).toBe('0x3')
})

test('what the node refuses has its code and its reason', async () => {
  const { account } = await richAccount()
  const provider = ethereumProvider({ account, chain: foundry, transport: http(anvil.url) })
  const send = (transaction: object): Promise<unknown> =>
    provider.request({ method: 'eth_sendTransaction', params: [transaction] } as never)
  await expect(send({ to: RECIPIENT, value: numberToHex(parseEther('11')) })).rejects.toMatchObject({
    code: expect.any(Number),
    message: expect.stringMatching(/insufficient funds/i),
  })
  // PUSH1 0, PUSH1 0, REVERT
  await expect(send({ data: '0x60006000fd' })).rejects.toMatchObject({
    code: 3,
    message: expect.stringContaining('revert'),
  })
})

test('a node that cannot be reached is a lost connection', async () => {
  const { account } = await richAccount()
  const transport = http('http://127.0.0.1:1', { retryCount: 0 })
  const provider = ethereumProvider({ account, chain: foundry, transport })
  const transaction = { to: RECIPIENT, value: numberToHex(1) } as never
  await expect(provider.request({ method: 'eth_blockNumber' })).rejects.toMatchObject({ code: 4900 })
  await expect(provider.request({ method: 'eth_sendTransaction', params: [transaction] })).rejects.toMatchObject({
    code: 4900,
  })
})
