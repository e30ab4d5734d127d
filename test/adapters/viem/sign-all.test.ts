import { zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import { createEthereumAccount, type EthereumItem } from '../../../src/adapters/viem/account.ts'
import { code } from '../../support/code.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const FEES = { gas: 21_000n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n, type: 'eip1559' } as const
const transactions = [0, 1, 2, 3].map((nonce) => ({ to: zeroAddress, value: 1n, chainId: 1, nonce, ...FEES }) as const)
const typedData = {
  domain: { chainId: 1, verifyingContract: zeroAddress },
  types: { Order: [{ name: 'item', type: 'string' }] },
  primaryType: 'Order',
  message: { item: 'a book' },
} as const
const items: readonly EthereumItem[] = [
  ...transactions.map((transaction) => ({ transaction })),
  { message: 'hello' },
  { message: { raw: '0x00ff' } },
  { typedData },
]

test('an account signs several things at once, each as it does by itself', async () => {
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet, { path: 'm/0/5' })
  const expected = [
    ...(await Promise.all(transactions.map((transaction) => account.signTransaction(transaction)))),
    await account.signMessage({ message: 'hello' }),
    await account.signMessage({ message: { raw: '0x00ff' } }),
    await account.signTypedData(typedData),
  ]
  const alone = wallet.requests.splice(0)
  const asked: number[] = []
  const counted = { ...wallet, signAll: (...all: Parameters<typeof wallet.signAll>) => {
    asked.push(all[0].length)
    return wallet.signAll(...all)
  } } // prettier-ignore
  const several = await createEthereumAccount(counted, { path: 'm/0/5' })
  expect(await several.signAll(items)).toEqual(expected)
  expect(asked).toEqual([items.length])
  // The server is told the same of each.
  expect(wallet.requests).toEqual(alone)
})

test('what cannot be signed is refused before anything is asked for', async () => {
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet)
  const good = items[0] as EthereumItem
  const wrong = [{}, { message: 'a', typedData }, { message: 'a', other: 1 }, null, 'hello']
  for (const item of wrong) await expect(account.signAll([good, item as never])).rejects.toThrow(TypeError)
  const tooMany = new Array<EthereumItem>(65).fill({ message: 'hello' })
  for (const list of [[], tooMany, undefined, good]) {
    await expect(account.signAll(list as never)).rejects.toThrow(RangeError)
  }
  await expect(account.signAll([good, { message: '\ud800' }])).rejects.toThrow(RangeError)
  expect(wallet.requests).toEqual([])
})

test('a signature of another key, or of another item, is never returned', async () => {
  const wallet = fakeWallet(seededRandom())
  const other = fakeWallet(seededRandom('another'))
  const swapped = async (...all: Parameters<typeof wallet.signAll>) => [...(await wallet.signAll(...all))].reverse()
  const short = async (...all: Parameters<typeof wallet.signAll>) => (await wallet.signAll(...all)).slice(1)
  for (const signAll of [other.signAll.bind(other), swapped, short]) {
    const account = await createEthereumAccount({ ...wallet, signAll })
    await expect(account.signAll(items.slice(0, 2))).rejects.toEqual(code('PROTOCOL_ABORTED'))
  }
})
