import { toHex } from '../../util/bytes.ts'
import type { AuditEntry, AuditEventName } from '../audit/entry.ts'

/** The types of events; `docs/events.md` says when each is sent. */
export type EventType =
  | 'set.created'
  | 'set.imported'
  | 'set.recovered'
  | 'set.joined'
  | 'set.refreshed'
  | 'set.proven'
  | 'set.retired'
  | 'set.expired'
  | 'set.destroyed'
  | 'set.exported'
  | 'set.banned'
  | 'set.locked'
  | 'set.unlocked'
  | 'backup.created'
  | 'backup.confirmed'
  | 'recovery.started'
  | 'join.started'
  | 'device.added'
  | 'device.revoked'
  | 'device.locked'
  | 'device.unlocked'
  | 'client.locked'
  | 'client.unlocked'
  | 'approval.requested'
  | 'approval.granted'
  | 'approval.denied'
  | 'approval.cancelled'
  | 'approval.used'

/** What an event is about: ids, and no secret. What does not apply is left out. */
export interface EventData {
  /** The client's id, as the app named it. */
  readonly clientId: string
  /** The number of the entry in the client's audit log. It grows from event to event of the client, with gaps. */
  readonly sequence: number
  /** The id of the wallet: 16 bytes in lower-case hex. */
  readonly walletId?: string
  /** The id of the set: 32 bytes in lower-case hex. */
  readonly setId?: string
  /** The id of the operation: 16 bytes in lower-case hex. */
  readonly operationId?: string
  /** The id of the device: 32 bytes in lower-case hex. */
  readonly deviceId?: string
  /** The id of the set that has replaced this one. */
  readonly replacedBy?: string
  /** The kind of the operation that has made a backup. */
  readonly operation?: string
  /** The curve of an exported key. */
  readonly curve?: string
  /** Whether a recovery only tries the backup. */
  readonly dryRun?: boolean
  /** The id of a request for approval: 16 bytes in lower-case hex. */
  readonly approvalId?: string
  /** The action that waits for an approval or a time. */
  readonly action?: string
  /** Who has decided about it: a device's id, `operator` with or without a name, or `unsealed`. */
  readonly by?: string
  /** Until when it is locked: ISO 8601, in UTC. */
  readonly until?: string
}

/** An event as it is sent, in JSON. */
export interface WalletEvent {
  /** What has happened. */
  readonly type: EventType
  /** When it happened: ISO 8601, in UTC. */
  readonly timestamp: string
  /** The version of this format. Further types and fields may come without a new one. */
  readonly version: 1
  /** What it is about. */
  readonly data: EventData
}

/** The types by the kind of operation that has made a signing set. */
const MADE_BY: Readonly<Record<string, EventType>> = {
  generate: 'set.created',
  import: 'set.imported',
  recover: 'set.recovered',
  join: 'set.joined',
  refresh: 'set.refreshed',
}

type Described = readonly [type: EventType, data?: Omit<EventData, 'clientId' | 'sequence'>]

const replaced = ({ detail }: AuditEntry) => (detail === '' ? {} : { replacedBy: detail })
const ofDevice = ({ detail }: AuditEntry) => (detail === '' ? {} : { deviceId: detail })

/** The event of each entry; null for entries that are not sent. */
const EVENTS: Readonly<Record<AuditEventName, ((entry: AuditEntry) => Described) | null>> = {
  logStarted: null,
  masterKeyChanged: null,
  prepared: null,
  limited: null,
  committed: ({ detail }) => ['backup.created', { operation: detail }],
  activated: ({ detail }) => [MADE_BY[detail] ?? 'set.created'],
  replaces: null,
  confirmed: () => ['backup.confirmed'],
  proven: () => ['set.proven'],
  retiring: (entry) => ['set.retired', replaced(entry)],
  expired: () => ['set.expired'],
  destroyed: (entry) => ['set.destroyed', replaced(entry)],
  aborted: null,
  exported: ({ detail }) => ['set.exported', { curve: detail }],
  poisoned: () => ['set.banned'],
  recoveryStarted: ({ detail }) => ['recovery.started', { dryRun: detail === 'dryRun' }],
  joinStarted: (entry) => ['join.started', ofDevice(entry)],
  deviceAdded: (entry) => ['device.added', ofDevice(entry)],
  deviceRevoked: (entry) => ['device.revoked', ofDevice(entry)],
  lockedOut: (entry) => lock(entry, 'locked'),
  unlocked: (entry) => lock(entry, 'unlocked'),
  approvalRequested: (entry) => ['approval.requested', approval(entry)],
  approvalGranted: (entry) => ['approval.granted', approval(entry)],
  approvalDenied: (entry) => ['approval.denied', approval(entry)],
  approvalCancelled: (entry) => ['approval.cancelled', approval(entry)],
  approvalUsed: (entry) => ['approval.used', approval(entry)],
  departed: null,
  arrived: null,
  returned: null,
}

/** The detail of an approval is its id, the action, and who has decided. */
function approval({ detail }: AuditEntry): Omit<EventData, 'clientId' | 'sequence'> {
  const [approvalId = '', action = '', ...by] = detail.split(' ')
  return { approvalId, action, ...(by.length > 0 && { by: by.join(' ') }) }
}

/** The detail of a lock-out is the time, if it is one, and the device, if it is one's. */
function lock({ setId, detail }: AuditEntry, what: 'locked' | 'unlocked'): Described {
  const words = detail.split(' ').filter((word) => word !== '')
  const until = what === 'locked' ? words.shift() : undefined
  const data = until === undefined ? {} : { until }
  const [deviceId] = words
  if (setId !== '') return [`set.${what}`, data]
  return deviceId === undefined ? [`client.${what}`, data] : [`device.${what}`, { ...data, deviceId }]
}

/** @returns the event of an entry of the audit log; undefined if there is none */
export function eventOf(entry: AuditEntry): WalletEvent | undefined {
  const described = EVENTS[entry.event as AuditEventName]?.(entry)
  if (described === undefined) return undefined
  const [type, data] = described
  const { clientId, sequence, at, walletId, setId, operationId } = entry
  return {
    type,
    timestamp: at.toISOString(),
    version: 1,
    data: {
      clientId,
      sequence,
      ...(walletId !== '' && { walletId }),
      ...(setId !== '' && { setId }),
      ...(operationId !== '' && { operationId }),
      ...data,
    },
  }
}

/** The id of an event, from the hash of its entry, which no two entries share. @param hash 32 bytes */
export function eventId(hash: Uint8Array): string {
  return `evt_${toHex(hash.subarray(0, 16))}`
}
