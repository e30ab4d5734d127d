import { ed25519 } from '@noble/curves/ed25519.js'
import {
  address,
  appendTransactionMessageInstruction,
  AccountRole,
  assertIsTransactionWithinSizeLimit,
  compileTransaction,
  createSignableMessage,
  createTransactionMessage,
  getAddressEncoder,
  isMessagePartialSigner,
  isTransactionPartialSigner,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Address,
  type Blockhash,
} from '@solana/kit'
import { expect, test } from 'vitest'
import { solanaAddress } from '../../../src/adapters/solana/address.ts'
import { createSolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { concatBytes, utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet, type FakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const LIFETIME = { blockhash: '4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM' as Blockhash, lastValidBlockHeight: 0n }
const SOMEBODY = solanaAddress(ed25519.getPublicKey(new Uint8Array(32).fill(7)))
const PROGRAM = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr')

async function setup(keys: (wallet: FakeWallet) => Partial<FakeWallet> = () => ({})) {
  const wallet = fakeWallet(seededRandom())
  const signer = await createSolanaSigner({ ...wallet, ...keys(wallet) })
  const publicKey = await wallet.getPublicKey('ed25519')
  return { wallet, signer, publicKey }
}

function transactionOf(payer: Address, version: 'legacy' | 0 | 1, named: Address = payer) {
  const role = named === payer ? AccountRole.WRITABLE_SIGNER : AccountRole.WRITABLE
  const memo = { programAddress: PROGRAM, accounts: [{ address: named, role }] }
  const transaction = pipe(
    createTransactionMessage({ version: version as 0 }),
    (message) => setTransactionMessageFeePayer(payer, message),
    (message) => setTransactionMessageLifetimeUsingBlockhash(LIFETIME, message),
    (message) => appendTransactionMessageInstruction({ ...memo, data: utf8('a memo') }, message),
    (message) => compileTransaction(message),
  )
  assertIsTransactionWithinSizeLimit(transaction)
  return transaction
}

test('the address is the public key', async () => {
  const { signer, publicKey } = await setup()
  expect(getAddressEncoder().encode(solanaAddress(publicKey))).toEqual(publicKey)
  expect(signer.address).toBe(solanaAddress(publicKey))
  // The system program's address is 32 zero bytes.
  expect(solanaAddress(new Uint8Array(32))).toBe('11111111111111111111111111111111')
  expect(() => solanaAddress(new Uint8Array(33))).toThrow('publicKey must be 32 bytes, got 33')
})

test('signs with the key of its path', async () => {
  const wallet = fakeWallet(seededRandom())
  const signer = await createSolanaSigner(wallet, 'm/0/5')
  const publicKey = await wallet.getPublicKey('ed25519', 'm/0/5')
  expect(signer.address).toBe(solanaAddress(publicKey))
  const [dictionary] = await signer.signMessages([createSignableMessage('a text')])
  expect(ed25519.verify(dictionary![signer.address]!, utf8('a text'), publicKey)).toBe(true)
  expect(wallet.requests.map(({ path }) => path)).toEqual(['m/0/5'])
})

test('kit takes it for a signer of transactions and of messages', async () => {
  const { signer } = await setup()
  expect(isTransactionPartialSigner(signer) && isMessagePartialSigner(signer)).toBe(true)
})

test.each(['legacy', 0, 1] as const)('signs transactions of version %s', async (version) => {
  const { signer, wallet, publicKey } = await setup()
  const transaction = transactionOf(signer.address, version)
  const [first, second] = await signer.signTransactions([transaction, transaction])
  expect(ed25519.verify(first![signer.address]!, Uint8Array.from(transaction.messageBytes), publicKey)).toBe(true)
  expect(Object.keys(second!)).toEqual([signer.address])
  expect(wallet.requests.map(({ signed }) => signed)).toEqual(
    [first, second].map(() => new Uint8Array(transaction.messageBytes)),
  )
})

test('does not sign a transaction that asks for others only', async () => {
  const { signer, wallet } = await setup()
  const foreign = transactionOf(SOMEBODY, 0)
  const ours = transactionOf(signer.address, 0)
  await expect(signer.signTransactions([ours, foreign])).rejects.toThrow('is not a signer of this transaction')
  expect(wallet.requests).toEqual([])
})

test('signs messages, also such as merely look like a transaction', async () => {
  const { signer, publicKey } = await setup()
  const other = transactionOf(SOMEBODY, 0, signer.address)
  const messages = [utf8('a text'), new Uint8Array(0), Uint8Array.from(other.messageBytes), utf8('1'.repeat(5000))]
  const dictionaries = await signer.signMessages(messages.map((content) => createSignableMessage(content)))
  dictionaries.forEach((dictionary, i) => {
    expect(ed25519.verify(dictionary[signer.address]!, messages[i]!, publicKey)).toBe(true)
  })
})

test.each(['legacy', 0, 1] as const)('a message that is a transaction of version %s is refused', async (version) => {
  const { signer, wallet } = await setup()
  const bytes = Uint8Array.from(transactionOf(signer.address, version).messageBytes)
  const broken = bytes.slice()
  broken.fill(0xff, -20)
  for (const content of [bytes, concatBytes(bytes, Uint8Array.of(0)), bytes.subarray(0, -1), broken]) {
    const messages = [createSignableMessage('a text'), createSignableMessage(content)]
    await expect(signer.signMessages(messages)).rejects.toThrow('this message is a transaction')
  }
  expect(wallet.requests).toEqual([])
})

test('a message that may be a transaction of a version that is not known is refused', async () => {
  const { signer, wallet } = await setup()
  const bytes = Uint8Array.from(transactionOf(signer.address, 0).messageBytes)
  for (let version = 1; version < 128; version++) {
    bytes[0] = 0x80 + version
    const signed = signer.signMessages([createSignableMessage('a text'), createSignableMessage(bytes)])
    await expect(signed).rejects.toThrow(RangeError)
  }
  for (const content of [
    Uint8Array.of(0x81),
    Uint8Array.of(0xff),
    utf8('é').slice(0, 1),
    utf8('\xffsolana offchaim'),
  ]) {
    const signed = signer.signMessages([createSignableMessage(content.fill(0xff, 0, 1))])
    await expect(signed).rejects.toThrow('this message may be a transaction of another version')
  }
  const others = transactionOf(SOMEBODY, 1).messageBytes
  await expect(signer.signMessages([createSignableMessage(Uint8Array.from(others))])).rejects.toThrow(RangeError)
  expect(wallet.requests).toEqual([])
})

test('signs text of every language', async () => {
  const { signer, publicKey } = await setup()
  const contents = ['é', 'пойдём', '日本語', '\u{1f600}!', '\ufeffa'].map(utf8)
  const dictionaries = await signer.signMessages(contents.map((content) => createSignableMessage(content)))
  dictionaries.forEach((dictionary, i) => {
    expect(ed25519.verify(dictionary[signer.address]!, contents[i]!, publicKey)).toBe(true)
  })
})

test('takes bytes and nothing else', async () => {
  const { signer, wallet } = await setup()
  for (const bytes of ['a text', [1, 2, 256], null, undefined, new ArrayBuffer(4), new Uint16Array(2)]) {
    const messages = [{ content: bytes, signatures: {} }] as never
    await expect(signer.signMessages(messages)).rejects.toThrow(TypeError)
    const transactions = [{ messageBytes: bytes, signatures: { [signer.address]: null } }] as never
    await expect(signer.signTransactions(transactions)).rejects.toThrow(TypeError)
  }
  expect(wallet.requests).toEqual([])
})

test('a transaction must name the signer in its message, not only beside it', async () => {
  const { signer, wallet } = await setup()
  const signatures = { [signer.address]: null }
  const messages = [
    ...(['legacy', 0, 1] as const).map((version) => transactionOf(SOMEBODY, version, signer.address).messageBytes),
    utf8('a text'),
    new Uint8Array(0),
    Uint8Array.of(0x82, ...transactionOf(signer.address, 0).messageBytes.slice(1)),
  ]
  for (const messageBytes of messages) {
    const signed = signer.signTransactions([{ messageBytes, signatures } as never])
    await expect(signed).rejects.toThrow('is not a signer of this transaction')
  }
  expect(wallet.requests).toEqual([])
})

test('signs the bytes that there were when it was asked', async () => {
  const content = utf8('a text')
  const { signer, publicKey } = await setup((wallet) => ({
    signEd25519: async (request) => {
      content.fill(0)
      return wallet.signEd25519(request)
    },
  }))
  const [dictionary] = await signer.signMessages([createSignableMessage(content)])
  expect(ed25519.verify(dictionary![signer.address]!, utf8('a text'), publicKey)).toBe(true)
})

test('ends with the caller’s signal', async () => {
  const { signer } = await setup()
  const abortSignal = AbortSignal.abort(new Error('enough'))
  await expect(signer.signMessages([createSignableMessage('a text')], { abortSignal })).rejects.toThrow('enough')
  const transaction = transactionOf(signer.address, 0)
  await expect(signer.signTransactions([transaction], { abortSignal })).rejects.toThrow('enough')
})

test('a signature by another key does not leave the signer', async () => {
  const { signer } = await setup(() => ({
    signEd25519: async ({ message }) => ed25519.sign(message, new Uint8Array(32).fill(1)),
  }))
  await expect(signer.signMessages([createSignableMessage('a text')])).rejects.toMatchObject({
    code: 'PROTOCOL_ABORTED',
    message: `the signature is not one by ${signer.address}`,
  })
})
