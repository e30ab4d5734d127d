import { hmacSha256 } from '../../symmetric/hmac.ts'
import { utf8 } from '../../util/bytes.ts'
import { Writer } from '../../util/codec.ts'

/** The events of the log; `docs/reference/audit-log.md` says what each means. */
export type AuditEventName =
  | 'logStarted'
  | 'masterKeyChanged'
  | 'prepared'
  | 'limited'
  | 'committed'
  | 'activated'
  | 'replaces'
  | 'confirmed'
  | 'proven'
  | 'retiring'
  | 'expired'
  | 'destroyed'
  | 'aborted'
  | 'exported'
  | 'poisoned'
  | 'recoveryStarted'
  | 'joinStarted'
  | 'deviceAdded'
  | 'deviceRevoked'
  | 'lockedOut'
  | 'unlocked'
  | 'approvalRequested'
  | 'approvalGranted'
  | 'approvalDenied'
  | 'approvalCancelled'
  | 'approvalUsed'
  | 'departed'
  | 'arrived'
  | 'returned'

const NAMES: Readonly<Record<AuditEventName, true>> = {
  logStarted: true,
  masterKeyChanged: true,
  prepared: true,
  limited: true,
  committed: true,
  activated: true,
  replaces: true,
  confirmed: true,
  proven: true,
  retiring: true,
  expired: true,
  destroyed: true,
  aborted: true,
  exported: true,
  poisoned: true,
  recoveryStarted: true,
  joinStarted: true,
  deviceAdded: true,
  deviceRevoked: true,
  lockedOut: true,
  unlocked: true,
  approvalRequested: true,
  approvalGranted: true,
  approvalDenied: true,
  approvalCancelled: true,
  approvalUsed: true,
  departed: true,
  arrived: true,
  returned: true,
}

/** The names of all events. */
export const AUDIT_EVENTS = Object.keys(NAMES) as readonly AuditEventName[]

/** An event of a client or a share set. Ids are lower-case hex; those that do not apply are left out. */
export interface AuditEvent {
  readonly event: AuditEventName
  readonly walletId?: string
  readonly setId?: string
  readonly operationId?: string
  /** Further data, all of it public. */
  readonly detail?: string
}

/** An event as an entry of a client's chain. */
export interface AuditEntry extends Required<Omit<AuditEvent, 'event'>> {
  /** The client whose chain it belongs to; '' for the server's own. */
  readonly clientId: string
  /** From 1, without gaps. */
  readonly sequence: number
  readonly at: Date
  /** The epoch in which it was written. */
  readonly epoch: number
  readonly event: string
}

/** What limits a set; null for what does not. */
interface Limits {
  readonly scope: string | null
  readonly expiresAt: Date | null
}

/** The detail of `limited`: `scope=<name>` and `expiresAt=<ISO 8601>`, those that there are, with a space between them. */
export function limitsDetail({ scope, expiresAt }: Limits): string {
  const parts = [
    ...(scope === null ? [] : [`scope=${scope}`]),
    ...(expiresAt === null ? [] : [`expiresAt=${expiresAt.toISOString()}`]),
  ]
  return parts.join(' ')
}

/** The id of the server's own chain; no client has this id. */
export const SERVER_CHAIN = ''

/** In place of the previous hash for the first entry of a chain. */
export const GENESIS: Uint8Array = new Uint8Array(32)

const DOMAIN = utf8('reshare/v1/audit/entry')
const TWO_TO_32 = 2 ** 32

/**
 * The bytes of an entry that are hashed: the previous hash and every field, each text with its length, so that different
 * entries never have the same bytes (`docs/wire.md`).
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
  return hmacSha256(key, encodeEntry(previous, entry))
}
