import { ed25519 } from '@noble/curves/ed25519.js'
import {
  AccountRole,
  appendTransactionMessageInstruction,
  compileTransaction,
  createSignableMessage,
  createTransactionMessage,
  getCompiledTransactionMessageDecoder,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Address,
  type Blockhash,
} from '@solana/kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { solanaAddress } from '../../src/adapters/solana/address.ts'
import { createSolanaSigner } from '../../src/adapters/solana/signer.ts'
import { fakeWallet } from '../support/fake-wallet.ts'
import { seededRandom, type SeededRandom } from '../support/random.ts'
import { mutated, PATIENCE, repeat, runs } from './support/mutate.ts'

const ROLES = [AccountRole.READONLY, AccountRole.WRITABLE, AccountRole.READONLY_SIGNER, AccountRole.WRITABLE_SIGNER]

async function setup(random: SeededRandom) {
  const wallet = fakeWallet(random)
  return { wallet, signer: await createSolanaSigner(wallet), publicKey: await wallet.getPublicKey('ed25519') }
}

/** A transaction that names `own` as payer, as a signer, as an account, or not at all. */
function generate(random: SeededRandom, own: Address) {
  const somebody = (): Address => solanaAddress(random(32))
  const version = random.pick(['legacy', 0, 1] as const)
  const accounts = Array.from({ length: random.int(0, 6) }, () => ({
    address: random.int(0, 2) === 0 ? own : somebody(),
    role: random.pick(ROLES),
  }))
  const lifetime = { blockhash: solanaAddress(random(32)) as string as Blockhash, lastValidBlockHeight: 0n }
  const instruction = { programAddress: somebody(), accounts, data: random(random.int(0, 60)) }
  const payer = random.int(0, 1) === 0 ? own : somebody()
  return pipe(
    createTransactionMessage({ version: version as 0 }),
    (message) => setTransactionMessageFeePayer(payer, message),
    (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
    (message) => appendTransactionMessageInstruction(instruction, message),
    (message) => compileTransaction(message),
  )
}

/** By kit's own reading of the whole message. */
function namesAsSigner(bytes: Uint8Array, own: Address): boolean {
  try {
    const [{ header, staticAccounts }] = getCompiledTransactionMessageDecoder().read(bytes, 0)
    return staticAccounts.slice(0, header.numSignerAccounts).includes(own)
  } catch {
    return false
  }
}

test(
  'a transaction is signed as one exactly if it names the signer, and never as a message',
  { timeout: PATIENCE },
  async () => {
    const seen = { ours: 0, others: 0 }
    await repeat(200, async (random) => {
      const { wallet, signer, publicKey } = await setup(random)
      const transaction = generate(random, signer.address)
      const bytes = Uint8Array.from(transaction.messageBytes)
      const isOurs = namesAsSigner(bytes, signer.address)
      seen[isOurs ? 'ours' : 'others']++
      expect(Object.hasOwn(transaction.signatures, signer.address)).toBe(isOurs)
      const signatures = { ...transaction.signatures, [signer.address]: null }
      const signed = await signer
        .signTransactions([{ ...transaction, signatures } as never])
        .catch((error: unknown) => error)
      if (isOurs) {
        expect(ed25519.verify((signed as never)[0][signer.address], bytes, publicKey)).toBe(true)
        await expect(signer.signMessages([createSignableMessage(bytes)])).rejects.toThrow(RangeError)
        expect(wallet.requests.length).toBe(1)
      } else {
        expect(signed).toBeInstanceOf(RangeError)
        expect(wallet.requests).toEqual([])
      }
    })
    expect(Math.min(seen.ours, seen.others)).toBeGreaterThan(10)
  },
)

test(
  'bytes that were a transaction are not signed as a message if kit reads one of the signer in them',
  { timeout: PATIENCE },
  async () => {
    const random = seededRandom()
    const { signer, wallet } = await setup(random)
    for (let i = 0; i < 6; i++) {
      const valid = Uint8Array.from(generate(random, signer.address).messageBytes)
      await fc.assert(
        fc.asyncProperty(mutated(valid), async (bytes) => {
          const before = wallet.requests.length
          const result = await signer.signMessages([createSignableMessage(bytes)]).catch((error: unknown) => error)
          if (result instanceof Error) {
            expect(result).toBeInstanceOf(RangeError)
            expect(wallet.requests.length).toBe(before)
            return
          }
          expect(namesAsSigner(bytes, signer.address)).toBe(false)
          expect(wallet.requests.at(-1).signed).toEqual(bytes)
        }),
        runs(60),
      )
    }
  },
)
