import type { SessionMessage } from '../../wire/round-body.ts'
import type {
  BackupRequest,
  GenerateRequest,
  ImportRequest,
  JoinRequest,
  OperationRequest,
  OperationResult,
  RecoverRequest,
  RefreshRequest,
} from '../../wire/operations.ts'
import type { ProtocolError } from '../../errors.ts'
import type { Queryable } from '../../service/database/types.ts'
import type { Caller, OperationKey } from '../access/caller.ts'
import type { KnownHead } from '../audit/log.ts'
import type { ServerContext } from '../context.ts'
import type { TakenPreprocessing } from '../sets/preprocessings.ts'
import type { SetRow } from '../sets/sets-table.ts'

/** The operations that make a wallet. */
export type NewWalletRequest = GenerateRequest | ImportRequest

/** Whether an operation makes a wallet, and not sets of one that is there. */
export function makesWallet(request: MakeRequest): request is NewWalletRequest {
  return request.kind === 'generate' || request.kind === 'import'
}

/** The operations that make new share sets: those of a wallet's first set by key generation or import, all others by reshare. */
export type MakeRequest = NewWalletRequest | BackupRequest | RecoverRequest | RefreshRequest | JoinRequest

/** Those that make sets from an existing one. */
export type ReshareRequest = Exclude<MakeRequest, NewWalletRequest>

/** The operations that use a set. */
export type SetRequest = Extract<OperationRequest, { readonly setId: string }>

/** A set as it was read at the start of a round, and the sealed server share; null if the server has none. */
export interface SourceSet {
  readonly set: SetRow
  readonly share: Uint8Array | null
  /** For a backup set that is about to deal: how many ACTIVE signing sets its wallet has. */
  readonly signingSets?: number | null
}

/** The input of one round of an operation. */
export interface RoundInput<Request extends OperationRequest = OperationRequest> extends OperationKey, Caller {
  readonly request: Request
  readonly round: number
  readonly messages: readonly SessionMessage[]
  /** The database's epoch when the operation started. */
  readonly epoch: number
  /** The opened state of the previous round; undefined in the first. Secret, wiped by the caller. */
  readonly state: Uint8Array | undefined
  /** The set that the request names, if the client has it. */
  readonly source?: SourceSet | undefined
  /** The end of the client's log, as it was read at the start of the round. */
  readonly auditHead?: KnownHead | undefined
  /** What `consume` took before this round's transaction. */
  readonly taken?: readonly TakenPreprocessing[] | undefined
}

/** The output of a round. It has no effect until it is committed. */
export interface RoundOutput {
  readonly messages: readonly SessionMessage[]
  /** The state for the next round; secret, wiped by the caller. */
  readonly state?: Uint8Array
  /** Further writes in the transaction that stores the response, after its completion. May run several times. */
  readonly writes?: (tx: Queryable) => Promise<void>
  /** Present in the last round only. */
  readonly completion?: Completion
  /**
   * The client was caught cheating: the round's transaction has written the ban and commits nothing else, and the request
   * fails with this error.
   */
  readonly banned?: ProtocolError
}

/**
 * Runs one round of an operation.
 *
 * @param tx the transaction that stores the response, for a kind with `inTransaction`. The handler may then run several
 *   times, until the transaction commits. It must use `tx` for every query, because an embedded database has a single
 *   connection
 */
export type RoundHandler<Request extends OperationRequest> = (
  context: ServerContext,
  input: RoundInput<Request>,
  tx?: Queryable,
) => Promise<RoundOutput>

/** The transaction of a handler of a kind with `inTransaction`. */
export function requireTransaction(tx: Queryable | undefined): Queryable {
  if (tx === undefined) throw new TypeError('this operation runs in the transaction that stores its response')
  return tx
}

/** The end of an operation, within the transaction that stores its last response. */
export type Completion = CompletionWithResult | CompletionThatFindsResult

interface AnyCompletion {
  readonly decision: 'COMMIT' | 'ABORT'
  /** Work after the decision is durable. If it fails, a sweep does it. */
  afterCommit?(): Promise<void>
}

interface CompletionWithResult extends AnyCompletion {
  /** The header of the last response. */
  readonly result: OperationResult
  /** The writes in the transaction of the decision. May run several times, until it commits. */
  apply(tx: Queryable): Promise<void>
}

interface CompletionThatFindsResult extends AnyCompletion {
  readonly result?: undefined
  /** As above. @returns the header of the last response */
  apply(tx: Queryable): Promise<OperationResult>
}
