import {
  getCompiledTransactionMessageDecoder,
  getCompiledTransactionMessageEncoder,
  type CompiledTransactionMessage,
  type CompiledTransactionMessageWithLifetime,
} from '@solana/kit'

import { equalBytes, toHex } from '../../util/bytes.ts'
import type { SolanaAccount, SolanaInstruction, SolanaLifetime, SolanaTransactionIntent } from './types.ts'

/** The longest transaction of any version, with its signatures (SIMD-0296). */
const MAX_LENGTH = 4096

const SYSTEM_PROGRAM = '11111111111111111111111111111111'

/** `AdvanceNonceAccount` of the system program: its index, u32 in little-endian. */
const ADVANCE_NONCE = '04000000'

/** The bits of a version 1 message's mask that have a meaning; the first two stand for the priority fee. */
const KNOWN_CONFIG = 0b11111
const PRIORITY_FEE = 0b11

type Compiled = CompiledTransactionMessage & CompiledTransactionMessageWithLifetime

/**
 * Decodes the message of a transaction.
 *
 * @throws {RangeError} if it is not one of a known version, is encoded in another way than the only canonical one, or has an
 *   index of an account that does not exist
 */
export function decodeTransaction(message: Uint8Array): Omit<SolanaTransactionIntent, 'kind' | 'verified' | 'signer'> {
  if (message.length > MAX_LENGTH) throw new RangeError('the transaction is too long')
  const compiled = parse(message)
  const accounts = accountsOf(compiled)
  const signers = accounts.filter(({ isSigner }) => isSigner).map(({ address }) => address as string)
  const [feePayer] = signers
  if (feePayer === undefined) throw new RangeError('the transaction has no signer')
  const instructions = compiledInstructions(compiled).map((instruction) =>
    readInstruction(instruction, compiled, accounts),
  )
  return {
    version: compiled.version,
    feePayer,
    signers,
    priorityFee: priorityFeeOf(compiled),
    lifetime: lifetimeOf(compiled, instructions),
    instructions,
    lookupTables: tablesOf(compiled).map(({ lookupTableAddress }) => lookupTableAddress),
  }
}

function parse(message: Uint8Array): Compiled {
  try {
    const compiled = getCompiledTransactionMessageDecoder().decode(message)
    // Whatever kit reads leniently it writes in one way: long lengths, bytes left over.
    const encoded = Uint8Array.from(getCompiledTransactionMessageEncoder().encode(compiled))
    if (equalBytes(encoded, message)) return compiled
  } catch (cause) {
    throw new RangeError('not a transaction of a known version', { cause })
  }
  throw new RangeError('the transaction is not in its canonical form')
}

function tablesOf(compiled: Compiled) {
  return compiled.version === 0 ? (compiled.addressTableLookups ?? []) : []
}

/** The accounts in the order of their indices: those of the message, then writable and other ones of the tables. */
function accountsOf(compiled: Compiled): SolanaAccount[] {
  const { staticAccounts, header } = compiled
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = header
  const others = staticAccounts.length - numSignerAccounts
  if (numReadonlySignerAccounts >= numSignerAccounts || numReadonlyNonSignerAccounts > others) {
    throw new RangeError('the header of the transaction counts accounts that do not exist')
  }
  if (new Set(staticAccounts).size !== staticAccounts.length) throw new RangeError('an account is listed twice')
  const own = staticAccounts.map((address, index): SolanaAccount => {
    const isSigner = index < numSignerAccounts
    const end = isSigner
      ? numSignerAccounts - numReadonlySignerAccounts
      : staticAccounts.length - numReadonlyNonSignerAccounts
    return { address, lookup: null, isSigner, isWritable: index < end }
  })
  const found = (isWritable: boolean) =>
    tablesOf(compiled).flatMap(({ lookupTableAddress: table, writableIndexes, readonlyIndexes }) =>
      (isWritable ? writableIndexes : readonlyIndexes).map((index): SolanaAccount => ({
        address: null,
        lookup: { table, index },
        isSigner: false,
        isWritable,
      })),
    )
  return [...own, ...found(true), ...found(false)]
}

/** An instruction in the form of version 0 and before. */
interface CompiledInstruction {
  readonly programAddressIndex: number
  readonly accountIndices?: readonly number[]
  readonly data?: ArrayLike<number>
}

function compiledInstructions(compiled: Compiled): readonly CompiledInstruction[] {
  if (compiled.version !== 1) return compiled.instructions
  return compiled.instructionHeaders.map(({ programAccountIndex }, index) => {
    const payload = compiled.instructionPayloads[index]
    if (payload === undefined) throw new RangeError('an instruction is missing')
    const { instructionAccountIndices, instructionData } = payload
    return {
      programAddressIndex: programAccountIndex,
      accountIndices: instructionAccountIndices,
      data: instructionData,
    }
  })
}

function priorityFeeOf(compiled: Compiled): bigint | null {
  if (compiled.version !== 1) return null
  const { configMask, configValues } = compiled
  const fee = configMask & PRIORITY_FEE
  if ((configMask & ~KNOWN_CONFIG) !== 0 || (fee !== 0 && fee !== PRIORITY_FEE)) {
    throw new RangeError('the transaction has settings that are not known')
  }
  return fee === 0 ? 0n : BigInt(configValues[0]?.value ?? 0)
}

function readInstruction(
  { programAddressIndex, accountIndices = [], data }: CompiledInstruction,
  { staticAccounts }: Compiled,
  accounts: readonly SolanaAccount[],
): SolanaInstruction {
  // A program is never from a table, nor the fee payer.
  const program = programAddressIndex === 0 ? undefined : staticAccounts[programAddressIndex]
  if (program === undefined) throw new RangeError('an instruction has no program')
  const used = accountIndices.map((index) => {
    const account = accounts[index]
    if (account === undefined) throw new RangeError('an instruction names an account that does not exist')
    return account
  })
  return { program, accounts: used, data: data === undefined ? '' : toHex(Uint8Array.from(data)) }
}

/** As the runtime does: the first instruction decides. */
function lifetimeOf({ lifetimeToken }: Compiled, [first]: readonly SolanaInstruction[]): SolanaLifetime {
  const isNonce = first?.program === SYSTEM_PROGRAM && first.data.startsWith(ADVANCE_NONCE)
  if (!isNonce) return { kind: 'blockhash', blockhash: lifetimeToken }
  return { kind: 'nonce', nonce: lifetimeToken, account: first.accounts[0]?.address ?? null }
}
