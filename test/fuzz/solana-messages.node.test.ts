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
import { solanaIntents, type SolanaTransactionIntent } from '../../src/policy/solana/index.ts'
import { createSolanaSigner } from '../../src/adapters/solana/signer.ts'
import { toHex } from '../../src/util/bytes.ts'
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
        const { intent, signed: message } = wallet.requests[0]!
        expect(solanaIntents().decode(intent!, { scheme: 'ed25519', message, publicKey }).message).toEqual(bytes)
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

/** The accounts of a message as the documentation of Solana lays them out, without kit; undefined where it ends too early. */
function byHand(bytes: Uint8Array) {
  let at = bytes[0]! >= 0x80 ? 1 : 0
  const next = (length: number) => bytes.slice(at, (at += length))
  const shortNumber = (): number => {
    const [low = 0] = next(1)
    return low < 0x80 ? low : (low & 0x7f) + 128 * shortNumber()
  }
  const [signers, readonlySigners, readonlyOthers] = next(3) as unknown as [number, number, number]
  const accounts = Array.from({ length: shortNumber() }, () => solanaAddress(next(32)))
  const blockhash = solanaAddress(next(32))
  const instructions = Array.from({ length: shortNumber() }, () => {
    const [program] = next(1)
    const used = [...next(shortNumber())]
    return { program: accounts[program!], used, data: next(shortNumber()) }
  })
  return { signers, readonlySigners, readonlyOthers, accounts, blockhash, instructions }
}

test('a transaction is to the server what is read by hand', { timeout: PATIENCE }, async () => {
  let [seen, refused] = [0, 0]
  await repeat(60, async (random) => {
    const { signer, publicKey } = await setup(random)
    const valid = Uint8Array.from(generate(random, signer.address).messageBytes)
    fc.assert(
      fc.property(mutated(valid), (message) => {
        let read: SolanaTransactionIntent
        try {
          const asked = { scheme: 'ed25519', message, publicKey } as const
          read = solanaIntents().decode({ kind: 'solanaTransaction' }, asked).intent as SolanaTransactionIntent
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
          return void refused++
        }
        seen++
        expect(namesAsSigner(message, signer.address)).toBe(true)
        if (read.version === 1) return
        const hand = byHand(message)
        expect(read.signers).toEqual(hand.accounts.slice(0, hand.signers))
        expect(read.lifetime).toMatchObject({ blockhash: hand.blockhash })
        expect(read.instructions.map(({ program, data }) => [program, data])).toEqual(
          hand.instructions.map(({ program, data }) => [program, toHex(data)]),
        )
        const writable = (index: number): boolean =>
          index < hand.signers
            ? index < hand.signers - hand.readonlySigners
            : index < hand.accounts.length - hand.readonlyOthers
        read.instructions.forEach(({ accounts }, i) => {
          const { used } = hand.instructions[i]!
          const named = accounts.flatMap(({ address, isSigner, isWritable }) => (address === null ? [] : [{ address, isSigner, isWritable }])) // prettier-ignore
          const own = used.filter((index) => index < hand.accounts.length)
          expect(named).toEqual(
            own.map((index) => ({
              address: hand.accounts[index],
              isSigner: index < hand.signers,
              isWritable: writable(index),
            })),
          )
        })
      }),
      runs(30),
    )
  })
  expect(seen).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(50)
})
