import { DEFAULT_HOOK_MS } from '../service/hooks.ts'
import { DEFAULT_LOCK_OUT, type LockOut } from '../service/rates.ts'
import type { Custodian } from '../custodian/types.ts'
import type { ProtocolError } from '../errors.ts'
import type { RandomSource } from '../util/random.ts'
import type { Sealer } from '../util/seal.ts'
import { LABEL } from '../util/text.ts'
import type { AuditLog } from './audit/log.ts'
import type { AuthorizeExport } from './access/authorize-export.ts'
import type { Database } from '../service/database/types.ts'
import type { OnCheating } from '../types.ts'
import type { IntentRules } from './access/intents.ts'
import type { Policy } from './access/policy.ts'
import type { HandledRequest, Observe } from './observe.ts'
import { DEFAULT_RATES, type RateLimits } from './access/rate-limits.ts'
import type { EventReceiver } from './events/receiver.ts'
import type { Turns } from './rounds/turns.ts'

/** Limits on requests, rates and lifetimes. */
export interface ServerLimits {
  /** The longest request body, in bytes. */
  readonly bodyBytes: number
  /** The longest message to sign, in bytes. */
  readonly messageBytes: number
  /** The longest device label, in UTF-16 code units. */
  readonly labelLength: number
  /** How long an operation may run after its first round; then it is aborted. */
  readonly operationMs: number
  /** How long one process may work on a round before another may take it over. */
  readonly roundMs: number
  /** How long one call to the custodian may take; a round that makes a backup makes two. */
  readonly custodianMs: number
  /** How long the responses of an expired operation are kept, for a client that repeats a request. */
  readonly responseMs: number
  /** How long one request may take in total. */
  readonly requestMs: number
  /** How many preprocessings a set may have; another one replaces the oldest. */
  readonly preprocessings: number
  /** How long a preprocessing is valid. */
  readonly preprocessingMs: number
  /** How long a hook may take; after that it has failed. */
  readonly hookMs: number
  /** How many operations may be undecided at once: per set, and per client for generations. A `signAll` counts as its items. */
  readonly openOperations: number
  /**
   * How many requests of a device for a set, or without one, may wait for an approval or a time; of new wallets and recoveries,
   * how many of all devices together. Ten times as many may be made in `responseMs`.
   */
  readonly openApprovals: number
  /** How long a request waits for its approval, and from its time on for the client to repeat it. */
  readonly approvalMs: number
  /** How many signing sets a wallet may have. */
  readonly signingSets: number
  /** How many unconfirmed backups a wallet keeps per device; another one replaces the oldest. */
  readonly unconfirmedBackups: number
  /** How many operations of each kind may start per window of time: per set, and per client for generations. */
  readonly rates: RateLimits
  /** When failed proofs lock a set or a device out; null for never. */
  readonly lockOut: LockOut | null
}

export const DEFAULT_LIMITS: ServerLimits = {
  // 64 ECDSA signatures of a signAll take 4.8 MB in their second round.
  bodyBytes: 5 * 1024 * 1024,
  messageBytes: 64 * 1024,
  labelLength: LABEL.most,
  operationMs: 10 * 60_000,
  roundMs: 60_000,
  custodianMs: 20_000,
  responseMs: 60 * 60_000,
  requestMs: 2 * 60_000,
  preprocessings: 32,
  preprocessingMs: 24 * 60 * 60_000,
  hookMs: DEFAULT_HOOK_MS,
  openOperations: 100,
  openApprovals: 20,
  approvalMs: 24 * 60 * 60_000,
  signingSets: 64,
  unconfirmedBackups: 16,
  rates: DEFAULT_RATES,
  lockOut: DEFAULT_LOCK_OUT,
}

/** The dependencies and options shared by all parts of the server. */
export interface ServerContext {
  readonly database: Database
  readonly custodian: Custodian | undefined
  readonly policy: Policy | undefined
  readonly intents: IntentRules
  readonly authorizeExport: AuthorizeExport | undefined
  readonly onCheating: OnCheating
  /** The sets whose client this process has caught cheating, by id, until the database has stored the ban. */
  readonly caught: Map<string, ProtocolError>
  /** For requests that would wait for one row. */
  readonly turns: Turns
  readonly sealer: Sealer
  readonly audit: AuditLog
  /** Where events are delivered; undefined if they are not recorded. */
  readonly events: EventReceiver | undefined
  readonly random: RandomSource
  readonly limits: ServerLimits
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Receives what the metrics count. Never throws. */
  readonly observe: Observe
  /** Receives each request once it was handled. Never throws. */
  readonly onRequest: (request: HandledRequest) => void
  /** Receives every error that has no code for the client. Never throws. */
  readonly onError: (error: unknown) => void
}

/** The timestamp of a row. */
export function timestamp(context: Pick<ServerContext, 'now'>, laterMs = 0): Date {
  return new Date(context.now() + laterMs)
}
