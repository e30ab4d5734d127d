import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../../util/bytes.ts'
import { Writer } from '../../util/codec.ts'

/** What the log tells of; `docs/reference/audit-log.md` says what each means. */
export type AuditEventName =
  | 'begun'
  | 'masterKeyChanged'
  | 'found'
  | 'prepared'
  | 'committed'
  | 'activated'
  | 'replaces'
  | 'confirmed'
  | 'proven'
  | 'retiring'
  | 'destroyed'
  | 'aborted'
  | 'exported'
  | 'poisoned'
  | 'recoveryBegun'
  | 'deviceAdded'
  | 'deviceRevoked'
  | 'lockedOut'
  | 'unlocked'

/** Something that happened to a client or a share set. Ids are lower-case hex; what an event has none of is left out. */
export interface AuditEvent {
  readonly event: AuditEventName
  readonly walletId?: string
  readonly setId?: string
  readonly operationId?: string
  /** What else there is to say: of public things only. */
  readonly detail?: string
}

/** An event in its place in the chain of a client. */
export interface AuditEntry extends Required<Omit<AuditEvent, 'event'>> {
  /** The client whose chain it is in; '' for the server's own. */
  readonly clientId: string
  /** From 1, without gaps. */
  readonly sequence: number
  readonly at: Date
  /** The life of the database that it was written in. */
  readonly epoch: number
  readonly event: string
}

/** The chain of what concerns no client; no client has this name. */
export const SERVER_CHAIN = ''

/** What stands before the first entry of every chain. */
export const GENESIS = new Uint8Array(32)

const DOMAIN = utf8('reshare/v1/audit/entry')
const TWO_TO_32 = 2 ** 32

/**
 * What is hashed of an entry: the hash before and every field, each text with its length, so that no two entries hash the
 * same bytes (`docs/wire.md`).
 *
 * @param previous 32 bytes, {@link GENESIS} before the first
 */
export function encodeEntry(previous: Uint8Array, entry: AuditEntry): Uint8Array {
  const { clientId, sequence, at, epoch, event, walletId, setId, operationId, detail } = entry
  const time = at.getTime()
  const writer = new Writer()
    .prefixed(DOMAIN)
    .bytes(previous)
    .prefixed(utf8(clientId))
    .u32(sequence)
    .u32(Math.floor(time / TWO_TO_32))
    .u32(time % TWO_TO_32)
    .u32(epoch)
  for (const text of [event, walletId, setId, operationId, detail]) writer.prefixed(utf8(text))
  return writer.finish()
}

/**
 * The hash that closes an entry and is part of the next: HMAC-SHA256 of {@link encodeEntry}.
 *
 * @param key 32 bytes
 */
export function entryHash(key: Uint8Array, previous: Uint8Array, entry: AuditEntry): Uint8Array {
  return hmac(sha256, key, encodeEntry(previous, entry))
}
