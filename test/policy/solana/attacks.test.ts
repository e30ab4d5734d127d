import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  compileTransactionMessage,
  createTransactionMessage,
  getCompiledTransactionMessageEncoder,
  pipe,
  setTransactionMessageConfig,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  setTransactionMessageLifetimeUsingDurableNonce,
  type Address,
  type Blockhash,
  type CompiledTransactionMessage,
  type Nonce,
} from '@solana/kit'
import { describe, expect, test } from 'vitest'
import { solanaAddress } from '../../../src/adapters/solana/address.ts'
import { solanaIntents } from '../../../src/policy/solana/index.ts'
import { concatBytes, utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const publicKey = await fakeWallet(seededRandom('a key')).getPublicKey('ed25519')
const OWN = solanaAddress(publicKey)
const named = (byte: number): Address => solanaAddress(new Uint8Array(32).fill(byte))
const [OTHER, PROGRAM, TABLE] = [named(2), named(3), named(4)]
const BLOCKHASH = named(5) as string as Blockhash

const decode = (message: Uint8Array, kind: 'solanaTransaction' | 'solanaMessage' = 'solanaTransaction') =>
  solanaIntents().decode({ kind }, { scheme: 'ed25519', message, publicKey }).intent
const encode = (compiled: CompiledTransactionMessage) =>
  Uint8Array.from(getCompiledTransactionMessageEncoder().encode(compiled))

function unsigned(payer: Address, version: 'legacy' | 0 | 1 = 0) {
  const accounts = [{ address: OTHER, role: AccountRole.WRITABLE }]
  return pipe(
    createTransactionMessage({ version: version as 0 }),
    (message) => setTransactionMessageFeePayer(payer, message),
    (message) =>
      setTransactionMessageLifetimeUsingBlockhash({ blockhash: BLOCKHASH, lastValidBlockHeight: 0n }, message),
    (message) => appendTransactionMessageInstruction({ programAddress: PROGRAM, accounts, data: utf8('abc') }, message),
  )
}
const compiled = (payer = OWN, version: 'legacy' | 0 | 1 = 0) => compileTransactionMessage(unsigned(payer, version))
const message = encode(compiled())

describe('a transaction', () => {
  test.each(['legacy', 0, 1] as const)('of version %s is read', (version) => {
    expect(decode(encode(compiled(OWN, version)))).toEqual({
      kind: 'solanaTransaction',
      verified: true,
      signer: OWN,
      version,
      feePayer: OWN,
      signers: [OWN],
      priorityFee: version === 1 ? 0n : null,
      lifetime: { kind: 'blockhash', blockhash: BLOCKHASH },
      instructions: [
        {
          program: PROGRAM,
          data: '616263',
          accounts: [{ address: OTHER, lookup: null, isSigner: false, isWritable: true }],
        },
      ],
      lookupTables: [],
    })
  })

  test('of version 1 shows what it pays for priority', () => {
    const paying = setTransactionMessageConfig(
      { priorityFeeLamports: 77n, heapSize: 40_960 },
      unsigned(OWN, 1) as never,
    )
    expect(decode(encode(compileTransactionMessage(paying)))).toMatchObject({ priorityFee: 77n })
  })

  test('paid by somebody else shows who', () => {
    const accounts = [{ address: OWN, role: AccountRole.READONLY_SIGNER }]
    const both = appendTransactionMessageInstruction({ programAddress: PROGRAM, accounts }, unsigned(OTHER))
    expect(decode(encode(compileTransactionMessage(both)))).toMatchObject({ feePayer: OTHER, signers: [OTHER, OWN] })
  })

  test('with a durable nonce shows that it stays valid', () => {
    const lifetime = { nonce: named(6) as string as Nonce, nonceAccountAddress: OTHER, nonceAuthorityAddress: OWN }
    const durable = setTransactionMessageLifetimeUsingDurableNonce(lifetime, unsigned(OWN))
    expect(decode(encode(compileTransactionMessage(durable)))).toMatchObject({
      lifetime: { kind: 'nonce', nonce: named(6), account: OTHER },
    })
  })

  test('with a lookup table does not hide that accounts are not known', () => {
    const { instructions, ...rest } = compiled() as Extract<CompiledTransactionMessage, { version: 0 }>
    const [first] = instructions
    const hidden = encode({
      ...rest,
      instructions: [{ ...first!, accountIndices: [...first!.accountIndices!, 3, 4] }],
      addressTableLookups: [{ lookupTableAddress: TABLE, writableIndexes: [9], readonlyIndexes: [7] }],
    })
    const known = { address: OTHER, lookup: null, isSigner: false, isWritable: true }
    expect(decode(hidden)).toMatchObject({
      lookupTables: [TABLE],
      instructions: [
        {
          accounts: [
            known,
            { address: null, lookup: { table: TABLE, index: 9 }, isSigner: false, isWritable: true },
            { address: null, lookup: { table: TABLE, index: 7 }, isSigner: false, isWritable: false },
          ],
        },
      ],
    })
  })

  const changed = (change: (parts: Extract<CompiledTransactionMessage, { version: 0 }>) => object) => {
    const parts = compiled() as Extract<CompiledTransactionMessage, { version: 0 }>
    return encode({ ...parts, ...change(parts) })
  }
  const header = (numSignerAccounts: number, numReadonlySignerAccounts: number, numReadonlyNonSignerAccounts: number) =>
    changed(() => ({ header: { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } }))
  /** The number of accounts in two bytes, where one is enough. */
  const longer = concatBytes(message.subarray(0, 4), Uint8Array.of(0x83, 0), message.subarray(5))

  test.each<[string, Uint8Array]>([
    ['has bytes left over', concatBytes(message, Uint8Array.of(0))],
    ['is cut off', message.subarray(0, -1)],
    ['has a length in a longer form', longer],
    ['is of a version to come', message.with(0, 0x82)],
    ['is signed by others', encode(compiled(OTHER))],
    ['has no signer', header(0, 0, 1)],
    ['has more signers than accounts', header(4, 0, 0)],
    ['has a payer that cannot pay', header(1, 1, 1)],
    ['has more other accounts than there are', header(1, 0, 3)],
    ['lists an account twice', changed(({ staticAccounts: [a, , c] }) => ({ staticAccounts: [a, c, c] }))],
    [
      'names an account that is not there',
      changed(({ instructions: [one] }) => ({ instructions: [{ ...one, accountIndices: [3] }] })),
    ],
    ['runs its payer', changed(({ instructions: [one] }) => ({ instructions: [{ ...one, programAddressIndex: 0 }] }))],
    [
      'runs what a table names',
      changed(({ instructions: [one] }) => ({
        instructions: [{ ...one, programAddressIndex: 3 }],
        addressTableLookups: [{ lookupTableAddress: TABLE, writableIndexes: [], readonlyIndexes: [1] }],
      })),
    ],
    ['is too long', concatBytes(message, new Uint8Array(4096))],
    ['is a text', utf8('hello')],
    ['is nothing', new Uint8Array(0)],
  ])('that %s is refused', (_, bytes) => {
    expect(() => decode(bytes)).toThrow(RangeError)
  })

  test('with settings that are not known is refused', () => {
    const bytes = encode(compiled(OWN, 1))
    // The mask, u32 after version and header.
    for (const mask of [0b1, 0b10, 0b100000]) expect(() => decode(bytes.with(4, mask))).toThrow(RangeError)
  })
})

describe('a message', () => {
  test('is shown as it is', () => {
    expect(decode(utf8('hello'), 'solanaMessage')).toEqual({
      kind: 'solanaMessage',
      verified: true,
      signer: OWN,
      data: '68656c6c6f',
      text: 'hello',
      signIn: null,
    })
    expect(decode(Uint8Array.of(0x7f, 0xff), 'solanaMessage')).toMatchObject({ text: null })
  })

  test.each<[string, Uint8Array]>([
    ['is a transaction', message],
    ['begins as a transaction', message.subarray(0, -5)],
    ['is a transaction with bytes left over', concatBytes(message, Uint8Array.of(0))],
    ['may be a transaction of a version to come', Uint8Array.of(0x85, 0xff, 1)],
  ])('that %s is refused', (_, bytes) => {
    expect(() => decode(bytes, 'solanaMessage')).toThrow(RangeError)
  })
})

test('only Ed25519 signs for Solana, and intents of other chains are none of Solana', () => {
  const asked = { scheme: 'bip340', message, publicKey } as const
  expect(() => solanaIntents().decode({ kind: 'solanaTransaction' }, asked)).toThrow(RangeError)
  const intent = { kind: 'ethereumMessage', data: message } as const
  expect(() => solanaIntents().decode(intent, { ...asked, scheme: 'ed25519' })).toThrow(RangeError)
  expect(address(OWN)).toBe(OWN)
})
