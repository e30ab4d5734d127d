import type { SessionMessage } from '../../wire/round-body.ts'
import type {
  BackupRequest,
  GenerateRequest,
  OperationRequest,
  OperationResult,
  RecoverRequest,
  RefreshRequest,
} from '../../wire/operations.ts'
import type { ProtocolError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { Caller } from '../access/caller.ts'
import type { OperationKey } from './operations-table.ts'

/** The operations that make new share sets: one by key generation, all others by reshare. */
export type MakeRequest = GenerateRequest | BackupRequest | RecoverRequest | RefreshRequest

/** The operations that use a set. */
export type SetRequest = Exclude<OperationRequest, GenerateRequest>

/** One round of an operation, as it arrived. */
export interface RoundInput<Request extends OperationRequest = OperationRequest> extends OperationKey, Caller {
  readonly request: Request
  readonly round: number
  readonly messages: readonly SessionMessage[]
  /** The life of the database that the operation belongs to. */
  readonly epoch: number
  /** What the round before left, opened; undefined in the first. Secret, wiped by the caller. */
  readonly state: Uint8Array | undefined
}

/** What playing a round brought. Nothing of it counts before it is in the database. */
export interface RoundOutput {
  readonly messages: readonly SessionMessage[]
  /** For the next round; secret, wiped by the caller. */
  readonly state?: Uint8Array
  /** What is to be stored together with the answer besides it. It may run several times. */
  readonly writes?: (tx: Queryable) => Promise<void>
  /** Present in the last round only. */
  readonly completion?: Completion
}

/** The client was caught cheating: all that follows from it is written in the transaction that says so. */
export interface Banned {
  readonly caught: ProtocolError
}

/**
 * Plays a round in the transaction that stores its answer. It may run several times, until the transaction commits, and
 * asks the database through `tx` alone: an embedded one has a single connection.
 */
export type RoundInTransaction = (tx: Queryable) => Promise<RoundOutput | Banned>

/** How an operation ends: within the transaction that stores its last answer. */
export interface Completion {
  readonly decision: 'COMMIT' | 'ABORT'
  /** The writes that go with the decision. It may run several times, until its transaction commits. */
  apply(tx: Queryable): Promise<OperationResult>
  /** What may follow once the decision is durable, and is made up for by a sweep if it does not happen. */
  afterCommit?(): Promise<void>
}
