import { MpcError } from '../../errors.ts'
import { equalBytes, fromHex, fromUtf8, toHex, utf8 } from '../../util/bytes.ts'
import { Reader, Writer } from '../../util/codec.ts'
import { isInstant, isScope, type SetLimits } from '../../wire/set-limits.ts'
import type { PublicKeys } from '../types.ts'

/**
 * The state of a signing set on this device: PREPARED sets wait for the server's decision, ACTIVE ones can sign,
 * RETIRED ones wait for their share to be deleted.
 */
export type LocalState = 'PREPARED' | 'ACTIVE' | 'RETIRED'

/**
 * The longest time that this device expects an operation to run: the default limit of a server. A recorded expiry
 * further ahead comes from a wrong clock.
 */
export const UNDECIDED_MS = 10 * 60_000

/** A signing set of which this device stores a share. */
export interface LocalSet {
  /** 32 bytes in lower-case hex, as all set ids here */
  readonly setId: string
  readonly state: LocalState
  /** The operation that makes it; the server is asked for its decision by this id. */
  readonly operationId: string
  /** Milliseconds since 1970, by this device's clock: until then another tab may be running the operation. */
  readonly operationExpiresAt: number
  /** Whether the server still needs its proof of possession, which retires the sets it replaces on any device. */
  readonly proofPending: boolean
  /** What limits the set, if anything does, as this device was told when the set was made. The server's word is what counts. */
  readonly limits?: SetLimits
  /** The sets on this device that are deleted once this one is proven to work. */
  readonly replaces: readonly string[]
}

/** What this device knows of a wallet; it holds no secret. */
export interface WalletRecord {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  readonly publicKeys: PublicKeys
  /** The ACTIVE set that the device uses; null if there is none. */
  readonly activeSetId: string | null
  /**
   * Whether the server has committed no set of it on this device yet, so that nobody has confirmed its public keys. Such a
   * record without sets is of a wallet that the device does not know.
   */
  readonly isNew: boolean
  readonly sets: readonly LocalSet[]
}

const VERSION = 1
const STATES: Readonly<Record<LocalState, number>> = { PREPARED: 1, ACTIVE: 2, RETIRED: 3 }

/**
 * `version u8 | wallet id 16 | secp256k1 key 33 | ed25519 key 32 | 1 with an active set, 2 if it is new, else 0, u8 | [active set 32] | count u16 |
 * count × (set id 32 | state u8 | operation id 16 | operation expires at u64 | proof pending u8 | length u8 | scope |
 * length u8 | expires at | count u16 | count × replaced set id 32)`, with the limits in ASCII, empty for none
 */
export function encodeWalletRecord(record: WalletRecord): Uint8Array {
  const writer = new Writer()
    .u8(VERSION)
    .bytes(fromHex(record.walletId))
    .bytes(record.publicKeys.secp256k1)
    .bytes(record.publicKeys.ed25519)
    .u8(record.activeSetId !== null ? 1 : record.isNew ? 2 : 0)
    .bytes(fromHex(record.activeSetId ?? ''))
    .u16(record.sets.length)
  for (const { setId, state, operationId, operationExpiresAt, proofPending, limits, replaces } of record.sets) {
    writer
      .bytes(fromHex(setId))
      .u8(STATES[state])
      .bytes(fromHex(operationId))
      .u32(Math.floor(operationExpiresAt / 2 ** 32))
      .u32(operationExpiresAt % 2 ** 32)
      .u8(Number(proofPending))
    for (const limit of [limits?.scope, limits?.expiresAt]) writer.u8(limit?.length ?? 0).bytes(utf8(limit ?? ''))
    writer.u16(replaces.length)
    for (const replaced of replaces) writer.bytes(fromHex(replaced))
  }
  return writer.finish()
}

/**
 * Reads what {@link encodeWalletRecord} wrote.
 *
 * @throws {SHARE_PARSING_FAILED} for anything else
 */
export function decodeWalletRecord(bytes: Uint8Array, walletId: string): WalletRecord {
  try {
    const record = readWalletRecord(new Reader(bytes))
    if (record.walletId !== walletId) throw new RangeError('the record is of another wallet')
    if (!equalBytes(encodeWalletRecord(record), bytes)) throw new RangeError('the record is not canonical')
    return record
  } catch (cause) {
    throw new MpcError('SHARE_PARSING_FAILED', 'the wallet record in this store is damaged; recover again', { cause })
  }
}

function readWalletRecord(reader: Reader): WalletRecord {
  const version = reader.u8()
  if (version !== VERSION) throw new RangeError(`wallet record version ${version} is not supported`)
  const walletId = toHex(reader.bytes(16))
  const publicKeys = { secp256k1: reader.bytes(33), ed25519: reader.bytes(32) }
  const use = reader.u8()
  const activeSetId = use === 1 ? readSetId(reader) : null
  const sets = readList(reader, readLocalSet)
  reader.end()
  validateSets(sets, activeSetId)
  return { walletId, publicKeys, activeSetId, isNew: use === 2, sets }
}

function readLocalSet(reader: Reader): LocalSet {
  const setId = readSetId(reader)
  const byte = reader.u8()
  const state = (Object.keys(STATES) as LocalState[]).find((name) => STATES[name] === byte)
  if (state === undefined) throw new RangeError(`unknown set state ${byte}`)
  const operationId = toHex(reader.bytes(16))
  const operationExpiresAt = reader.u32() * 2 ** 32 + reader.u32()
  const proofPending = reader.u8() === 1
  const [scope, expiresAt] = [readLimit(reader, isScope), readLimit(reader, isInstant)]
  const limits = { ...(scope !== undefined && { scope }), ...(expiresAt !== undefined && { expiresAt }) }
  return {
    ...{ setId, state, operationId, operationExpiresAt, proofPending },
    ...(Object.keys(limits).length > 0 && { limits }),
    replaces: readList(reader, readSetId),
  }
}

function readLimit(reader: Reader, isValid: (value: unknown) => boolean): string | undefined {
  const text = fromUtf8(reader.bytes(reader.u8()))
  if (text !== '' && !isValid(text)) throw new RangeError('a limit of a set is not valid')
  return text === '' ? undefined : text
}

function readSetId(reader: Reader): string {
  return toHex(reader.bytes(32))
}

function readList<T>(reader: Reader, readItem: (reader: Reader) => T): T[] {
  return Array.from({ length: reader.u16() }, () => readItem(reader))
}

function validateSets(sets: readonly LocalSet[], activeSetId: string | null): void {
  if (new Set(sets.map((set) => set.setId)).size !== sets.length) throw new RangeError('a set stands twice')
  if (activeSetId !== null && sets.find((set) => set.setId === activeSetId)?.state !== 'ACTIVE') {
    throw new RangeError('the set in use is not active')
  }
}

/** Whether the device knows the wallet: all that is left of one whose first set was not committed says nothing. */
export function isKnown({ isNew, sets }: WalletRecord): boolean {
  return !isNew || sets.length > 0
}

/** The sets that can sign. */
export function activeSetIds(record: WalletRecord): string[] {
  return record.sets.filter((set) => set.state === 'ACTIVE').map((set) => set.setId)
}

/** The limits of a set of this device; none for a set that it does not have. */
export function limitsOf({ sets }: WalletRecord, setId: string): SetLimits {
  return sets.find((set) => set.setId === setId)?.limits ?? {}
}

/** Adds a set that waits for the server's decision, with its proof pending. */
export function withPrepared(record: WalletRecord, set: Omit<LocalSet, 'state' | 'proofPending'>): WalletRecord {
  return { ...record, sets: [...record.sets, { ...set, state: 'PREPARED', proofPending: true }] }
}

/** Activates a prepared set; earlier ones stay usable. A set that is no longer prepared is left unchanged. */
export function withActivated(record: WalletRecord, setId: string): WalletRecord {
  if (record.sets.find((set) => set.setId === setId)?.state !== 'PREPARED') return record
  return { ...record, sets: changeSets(record, [setId], { state: 'ACTIVE' }), activeSetId: setId, isNew: false }
}

/**
 * Records that a set is proven, which retires the ones that it replaces.
 *
 * @param over sets that were retired otherwise; if the set in use is one of them, the proven one replaces it
 */
export function withProven(record: WalletRecord, setId: string, over: readonly string[] = []): WalletRecord {
  const replaced = [...(record.sets.find((set) => set.setId === setId)?.replaces ?? []), ...over]
  const sets = changeSets(record, [setId], { proofPending: false, replaces: [] })
  const inUse = record.activeSetId !== null && over.includes(record.activeSetId) ? setId : record.activeSetId
  return withRetired({ ...record, sets, activeSetId: inUse }, replaced)
}

/** Retires sets permanently. */
export function withRetired(record: WalletRecord, setIds: readonly string[]): WalletRecord {
  const sets = changeSets(record, setIds, { state: 'RETIRED', proofPending: false, replaces: [] })
  if (record.activeSetId === null || !setIds.includes(record.activeSetId)) return { ...record, sets }
  const successor = sets.filter((set) => set.state === 'ACTIVE').at(-1)
  return { ...record, sets, activeSetId: successor?.setId ?? null }
}

/** Removes sets whose shares have been deleted. */
export function withoutSets(record: WalletRecord, setIds: readonly string[]): WalletRecord {
  return { ...record, sets: record.sets.filter((set) => !setIds.includes(set.setId)) }
}

function changeSets(record: WalletRecord, setIds: readonly string[], change: Partial<LocalSet>): LocalSet[] {
  return record.sets.map((set) => (setIds.includes(set.setId) ? { ...set, ...change } : set))
}
