import { ed25519 } from '@noble/curves/ed25519.js'
import {
  createSignableMessage,
  getTransactionDecoder,
  lamports,
  type SendableTransaction,
  type Transaction as KitTransaction,
} from '@solana/kit'
import {
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import { LiteSVM, TransactionMetadata } from 'litesvm'
import { expect, test } from 'vitest'
import { createSolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { web3Signer } from '../../../src/adapters/solana/web3.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { SOL } from '../../support/solana.ts'

async function setup() {
  const wallet = fakeWallet(seededRandom())
  const signer = await createSolanaSigner(wallet)
  const web3 = web3Signer(signer, PublicKey)
  return { wallet, signer, web3 }
}

const recipient = Keypair.fromSeed(new Uint8Array(32).fill(3)).publicKey
const transfer = (from: PublicKey, sol: bigint) =>
  SystemProgram.transfer({ fromPubkey: from, toPubkey: recipient, lamports: sol })
const sendable = (bytes: Uint8Array) => getTransactionDecoder().decode(bytes) as KitTransaction & SendableTransaction

function legacy(payer: PublicKey, recentBlockhash: string, from = payer): Transaction {
  return new Transaction({ feePayer: payer, blockhash: recentBlockhash, lastValidBlockHeight: 0 }).add(
    transfer(from, SOL),
  )
}
function versioned(payer: PublicKey, recentBlockhash: string, from = payer): VersionedTransaction {
  const instructions = [transfer(from, 2n * SOL)]
  return new VersionedTransaction(
    new TransactionMessage({ payerKey: payer, recentBlockhash, instructions }).compileToV0Message(),
  )
}

test('transactions of web3.js version 1 are executed', async () => {
  const { signer, web3 } = await setup()
  const chain = new LiteSVM()
  chain.airdrop(signer.address, lamports(10n * SOL))
  expect(web3.publicKey).toBeInstanceOf(PublicKey)
  expect(web3.publicKey.toBase58()).toBe(signer.address)
  const blockhash = chain.latestBlockhash() as string
  const one = await web3.signTransaction(legacy(web3.publicKey, blockhash))
  expect(one.verifySignatures()).toBe(true)
  expect(chain.sendTransaction(sendable(one.serialize()))).toBeInstanceOf(TransactionMetadata)
  const [two] = await web3.signAllTransactions([versioned(web3.publicKey, blockhash)])
  expect(chain.sendTransaction(sendable(two!.serialize()))).toBeInstanceOf(TransactionMetadata)
  expect(chain.getBalance(recipient.toBase58() as never)).toBe(3n * SOL)
})

test('a transaction that another account pays keeps its signature', async () => {
  const { signer, web3 } = await setup()
  const chain = new LiteSVM()
  const payer = Keypair.fromSeed(new Uint8Array(32).fill(4))
  for (const address of [signer.address, payer.publicKey.toBase58()])
    chain.airdrop(address as never, lamports(10n * SOL))
  const blockhash = chain.latestBlockhash() as string
  const one = legacy(payer.publicKey, blockhash, web3.publicKey)
  one.partialSign(payer)
  const two = versioned(payer.publicKey, blockhash, web3.publicKey)
  two.sign([payer])
  await web3.signAllTransactions<Transaction | VersionedTransaction>([one, two])
  for (const signed of [one, two]) {
    expect(chain.sendTransaction(sendable(signed.serialize()))).toBeInstanceOf(TransactionMetadata)
  }
  expect(chain.getBalance(signer.address)).toBe(7n * SOL)
})

test('messages are signed, and transactions as messages are not', async () => {
  const { wallet, signer, web3 } = await setup()
  const signature = await web3.signMessage(utf8('hello'))
  expect(ed25519.verify(signature, utf8('hello'), web3.publicKey.toBytes())).toBe(true)
  wallet.requests.length = 0
  const blockhash = Keypair.fromSeed(new Uint8Array(32).fill(5)).publicKey.toBase58()
  for (const message of [
    Uint8Array.from(legacy(web3.publicKey, blockhash).serializeMessage()),
    versioned(web3.publicKey, blockhash).message.serialize(),
  ]) {
    await expect(web3.signMessage(message)).rejects.toThrow('this message is a transaction')
    await expect(signer.signMessages([createSignableMessage(message)])).rejects.toThrow('this message is a transaction')
  }
  expect(wallet.requests).toEqual([])
})

test('all are signed or none, and nothing that changes meanwhile', async () => {
  const { wallet, web3 } = await setup()
  const blockhash = Keypair.fromSeed(new Uint8Array(32).fill(5)).publicKey.toBase58()
  const own = versioned(web3.publicKey, blockhash)
  await expect(web3.signAllTransactions([own, versioned(recipient, blockhash)])).rejects.toThrow('is not a signer')
  expect(wallet.requests).toEqual([])
  const changing = legacy(web3.publicKey, blockhash)
  const signing = web3.signAllTransactions<Transaction | VersionedTransaction>([own, changing])
  changing.add(transfer(web3.publicKey, SOL))
  await expect(signing).rejects.toThrow('a transaction changed while it was signed')
  expect(own.signatures[0]!.every((byte) => byte === 0)).toBe(true)
  for (const value of [null, undefined, 1, {}, 'a', new Uint8Array(3)]) {
    await expect(web3.signTransaction(value as never)).rejects.toThrow(TypeError)
  }
  await expect(web3.signAllTransactions(own as never)).rejects.toThrow(TypeError)
  expect(() => web3Signer(null as never, PublicKey)).toThrow(TypeError)
  const { signer } = await setup()
  expect(() => web3Signer(signer, 'PublicKey' as never)).toThrow(TypeError)
})
