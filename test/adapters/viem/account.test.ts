import {
  bytesToHex,
  hashMessage,
  keccak256,
  parseGwei,
  parseSignature,
  parseTransaction,
  recoverMessageAddress,
  recoverTransactionAddress,
  serializeTransaction,
  stringToHex,
  verifyTypedData,
  zeroAddress,
  type Hex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { recoverAuthorizationAddress } from 'viem/utils'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const TYPED_DATA = {
  domain: { name: 'Ether Mail', version: '1', chainId: 1, verifyingContract: zeroAddress },
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  primaryType: 'Mail',
  message: { from: { name: 'Cow', wallet: zeroAddress }, amount: 2n ** 255n },
} as const

const TRANSFER = {
  to: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8',
  value: 10n ** 18n,
  gas: 21_000n,
  nonce: 7,
  chainId: 31_337,
} as const

const TRANSACTIONS = [
  { name: 'legacy', transaction: { ...TRANSFER, type: 'legacy', gasPrice: parseGwei('2') } },
  { name: 'EIP-2930', transaction: { ...TRANSFER, type: 'eip2930', gasPrice: parseGwei('2'), accessList: [] } },
  {
    name: 'EIP-1559',
    transaction: { ...TRANSFER, type: 'eip1559', maxFeePerGas: parseGwei('2'), maxPriorityFeePerGas: 1n },
  },
  {
    name: 'EIP-4844',
    transaction: {
      ...TRANSFER,
      type: 'eip4844',
      maxFeePerGas: parseGwei('2'),
      maxFeePerBlobGas: 1n,
      blobVersionedHashes: [`0x01${'ab'.repeat(31)}` as Hex],
    },
  },
] as const

async function account(path?: string) {
  const wallet = fakeWallet(seededRandom())
  const local = privateKeyToAccount(bytesToHex(wallet.privateKey(path)))
  return { wallet, local, account: await createEthereumAccount(wallet, path === undefined ? {} : { path }) }
}

test('the account looks as one whose key is here', async () => {
  const { account: ours, local } = await account()
  expect(ours).toMatchObject({ address: local.address, publicKey: local.publicKey, type: 'local', source: 'reshare' })
})

test.each(['a text', { raw: '0x00ff' as Hex }, { raw: Uint8Array.of(1, 2) }])(
  'signs the message %o',
  async (message) => {
    const { account: ours, wallet } = await account()
    const signature = await ours.signMessage({ message })
    expect(await recoverMessageAddress({ message, signature })).toBe(ours.address)
    expect(wallet.requests.map(({ signed }) => bytesToHex(signed))).toEqual([hashMessage(message)])
  },
)

test('signs typed data', async () => {
  const { account: ours } = await account()
  const signature = await ours.signTypedData(TYPED_DATA)
  expect(await verifyTypedData({ ...TYPED_DATA, address: ours.address, signature })).toBe(true)
  const other = { ...TYPED_DATA, message: { ...TYPED_DATA.message, amount: 1n } }
  expect(await verifyTypedData({ ...other, address: ours.address, signature })).toBe(false)
})

test.each(TRANSACTIONS)('signs a transaction of $name', async ({ transaction }) => {
  const { account: ours, wallet } = await account()
  const serialized = await ours.signTransaction(transaction)
  expect(await recoverTransactionAddress({ serializedTransaction: serialized as never })).toBe(ours.address)
  expect(parseTransaction(serialized as never)).toMatchObject({
    type: transaction.type,
    to: expect.any(String),
    nonce: 7,
  })
  expect(wallet.requests.map(({ signed }) => bytesToHex(signed))).toEqual([
    keccak256(serializeTransaction(transaction)),
  ])
})

test.each(TRANSACTIONS)(
  'signs a transaction of $name again, whatever signature it came with',
  async ({ transaction }) => {
    const { account: ours, wallet } = await account()
    const first = await ours.signTransaction(transaction)
    const parsed = parseTransaction(first as never) as object
    const changed = { ...parsed, nonce: 8 }
    for (const again of [changed, { ...changed, r: '0x1', s: '0x2', v: 27n, yParity: 0 }]) {
      const serialized = await ours.signTransaction(again as never)
      expect(await recoverTransactionAddress({ serializedTransaction: serialized as never })).toBe(ours.address)
      const unsigned = keccak256(serializeTransaction({ ...transaction, nonce: 8 }))
      expect(bytesToHex(wallet.requests.at(-1).signed)).toBe(unsigned)
    }
    expect(await ours.signTransaction(parsed as never)).toBe(first)
  },
)

test('a transaction that changes while it is signed is none', async () => {
  const { wallet } = await account()
  const accessList = [{ address: TRANSFER.to, storageKeys: [] }]
  const transaction = { ...TRANSACTIONS[2].transaction, accessList, value: 1n }
  const ours = await createEthereumAccount({
    ...wallet,
    signEcdsa: async (request) => {
      transaction.value = 2n
      return wallet.signEcdsa(request)
    },
  })
  expect(parseTransaction(await ours.signTransaction(transaction))).toMatchObject({ value: 1n })
  const pushing = await createEthereumAccount({
    ...wallet,
    signEcdsa: async (request) => {
      accessList.push(accessList[0]!)
      return wallet.signEcdsa(request)
    },
  })
  await expect(pushing.signTransaction(transaction)).rejects.toThrow('the transaction changed while it was signed')
})

test('signs a blob transaction without its sidecars, and sends it with them', async () => {
  const { account: ours, wallet } = await account()
  const { transaction } = TRANSACTIONS[3]
  const sidecars = [{ blob: '0x01', commitment: '0x02', proof: '0x03' }] as const
  const serialized = await ours.signTransaction({ ...transaction, sidecars })
  expect(wallet.requests.map(({ signed }) => bytesToHex(signed))).toEqual([
    keccak256(serializeTransaction(transaction)),
  ])
  expect(parseTransaction(serialized as never)).toMatchObject({ sidecars })
})

test('uses the serializer of the chain', async () => {
  const { account: ours, wallet } = await account()
  const serializer = (_transaction: unknown, signature?: unknown): Hex =>
    signature === undefined ? '0x1234' : '0x5678'
  expect(await ours.signTransaction({ ...TRANSACTIONS[2].transaction }, { serializer })).toBe('0x5678')
  expect(wallet.requests.map(({ signed }) => bytesToHex(signed))).toEqual([keccak256('0x1234')])
})

test('signs an authorization of EIP-7702', async () => {
  const { account: ours } = await account()
  const authorization = await ours.signAuthorization({ address: TRANSFER.to, chainId: 1, nonce: 3 })
  expect(authorization).toMatchObject({ address: TRANSFER.to, chainId: 1, nonce: 3 })
  expect(await recoverAuthorizationAddress({ authorization })).toBe(ours.address)
  const alias = await ours.signAuthorization({ contractAddress: TRANSFER.to, chainId: 1, nonce: 3 })
  expect(alias.address).toBe(TRANSFER.to)
})

test.each([
  { chainId: 1 },
  { nonce: 3 },
  { chainId: undefined, nonce: 3 },
  { chainId: '1', nonce: 3 },
  { chainId: 1, nonce: -1 },
  { chainId: 1, nonce: 2 ** 53 },
  { chainId: 1, nonce: 3, address: '0x12' },
])('an authorization must say what it is for: %o', async (request) => {
  const { account: ours, wallet } = await account()
  await expect(ours.signAuthorization({ address: TRANSFER.to, ...request } as never)).rejects.toThrow(RangeError)
  expect(wallet.requests).toEqual([])
})

test('a text without an encoding is not signed', async () => {
  const { account: ours, wallet } = await account()
  await expect(ours.signMessage({ message: 'half a pair: \ud83d' })).rejects.toThrow(RangeError)
  expect(wallet.requests).toEqual([])
})

test('signs with the key of its path', async () => {
  const { account: ours, local, wallet } = await account('m/0/5')
  expect(ours.address).toBe(local.address)
  const signature = await ours.signMessage({ message: 'a text' })
  expect(await recoverMessageAddress({ message: 'a text', signature })).toBe(local.address)
  expect(wallet.requests.map(({ path }) => path)).toEqual(['m/0/5'])
})

test('takes a hash of 32 bytes and nothing else', async () => {
  const { account: ours, wallet } = await account()
  const hash = keccak256(stringToHex('a text'))
  expect(parseSignature(await ours.sign({ hash })).yParity).toBeOneOf([0, 1])
  for (const wrong of [`${hash}00`, hash.slice(0, -1), hash.slice(2), '0x', undefined] as never[]) {
    await expect(ours.sign({ hash: wrong })).rejects.toThrow('hash must be 32 bytes in hex')
  }
  expect(wallet.requests.length).toBe(1)
})

test('a signature by another key does not leave the account', async () => {
  const { wallet, local } = await account()
  const signedByAnother = await createEthereumAccount({
    ...wallet,
    signEcdsa: ({ digest }) => wallet.signEcdsa({ digest, path: 'm/1' }),
  })
  const expected = { code: 'PROTOCOL_ABORTED', message: `the signature is not one by ${local.address}` }
  await expect(signedByAnother.signMessage({ message: 'a text' })).rejects.toMatchObject(expected)
  const recovered = await createEthereumAccount({
    ...wallet,
    signEcdsa: async (request) => {
      const { signature, recovery } = await wallet.signEcdsa(request)
      return { signature, recovery: recovery === 0 ? 1 : 0 }
    },
  })
  await expect(recovered.signMessage({ message: 'a text' })).rejects.toMatchObject(expected)
})
