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
import type { Policy } from './access/policy.ts'
import { DEFAULT_RATES, type RateLimits } from './access/rate-limits.ts'
import type { Turns } from './rounds/turns.ts'

/** How much a request may hold, and how long things live. */
export interface ServerLimits {
  /** The longest request body, in bytes. */
  readonly bodyBytes: number
  /** The longest message to sign, in bytes. */
  readonly messageBytes: number
  /** The longest device label, in UTF-16 code units. */
  readonly labelLength: number
  /** How long after its first round an operation may still be played; then it is aborted. */
  readonly operationMs: number
  /** How long one process may work on a round before another may take it over. */
  readonly roundMs: number
  /** How long one call of the custodian may take; a round that makes a backup makes two. */
  readonly custodianMs: number
  /** How long the answers of an expired operation are kept for a client that asks again. */
  readonly responseMs: number
  /** How long the work on one request may take, whatever it waits for. */
  readonly requestMs: number
  /** How many preprocessings a set may have; the oldest goes when one more is made. */
  readonly preprocessings: number
  /** How long a preprocessing may be used. */
  readonly preprocessingMs: number
  /** How long a hook may take; longer is a failure. */
  readonly hookMs: number
  /** How many operations of a set may be under way; of generations, of a client. */
  readonly openOperations: number
  /** How many signing sets a wallet may have. */
  readonly signingSets: number
  /** How many unconfirmed backups a wallet keeps of one device; the oldest goes when one more is made. */
  readonly unconfirmedBackups: number
  /** How many operations of each kind may begin with a set in a time; of generations, by a client. */
  readonly rates: RateLimits
  /** When failed proofs lock a set or a device out; null for never. */
  readonly lockOut: LockOut | null
}

/**
 * How an ECDSA set whose client was caught cheating may sign on: not at all, or with a setup made for each signature and
 * discarded after it.
 */
export type OnCheating = 'refuse' | 'ephemeralSetup'

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 512 * 1024,
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
  signingSets: 64,
  unconfirmedBackups: 16,
  rates: DEFAULT_RATES,
  lockOut: DEFAULT_LOCK_OUT,
}

/** What every part of the server works with. */
export interface ServerContext {
  readonly database: Database
  readonly custodian: Custodian | undefined
  readonly policy: Policy | undefined
  readonly authorizeExport: AuthorizeExport | undefined
  readonly onCheating: OnCheating
  /** The sets whose client this process has caught cheating, by id, until the database has taken it. */
  readonly caught: Map<string, ProtocolError>
  /** For requests that would wait for one row. */
  readonly turns: Turns
  readonly sealer: Sealer
  readonly audit: AuditLog
  readonly random: RandomSource
  readonly limits: ServerLimits
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of every error that the server cannot answer with a code of its own. Never throws. */
  readonly onError: (error: unknown) => void
}

/** The time that a row is stamped with. */
export function timestamp(context: Pick<ServerContext, 'now'>, laterMs = 0): Date {
  return new Date(context.now() + laterMs)
}
