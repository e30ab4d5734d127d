import { brand, hasBrand } from './util/brand.ts'

/** Every code that reshare throws; each tells the caller something different to do. */
export type ErrorCode =
  | 'PASSWORD_REQUIRED'
  | 'WRONG_PASSWORD'
  | 'BACKUP_CORRUPT'
  | 'BACKUP_OTHER_WALLET'
  | 'BACKUP_PARTS_MISSING'
  | 'BACKUP_SUPERSEDED'
  | 'DECRYPT_FAILED'
  | 'SHARE_PARSING_FAILED'
  | 'SHARE_NOT_FOUND'
  | 'SET_MISMATCH'
  | 'SET_RETIRED'
  | 'SET_EXPIRED'
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_CONFLICT'
  | 'STORAGE_FULL'
  | 'WALLET_EXISTS'
  | 'OPERATION_IN_PROGRESS'
  | 'CLIENT_MOVED'
  | 'WEBHOOK_FAILED'
  | 'AUTH_FAILED'
  | 'DEVICE_REVOKED'
  | 'POLICY_DENIED'
  | 'APPROVAL_REQUIRED'
  | 'INTENT_REQUIRED'
  | 'INTENT_MISMATCH'
  | 'RATE_LIMITED'
  | 'PROTOCOL_ABORTED'
  | 'PREPROCESSING_NOT_FOUND'
  | 'OT_POISONED'
  | 'ECDSA_UNAVAILABLE'
  | 'PROTOCOL_VERSION_UNSUPPORTED'
  | 'CHANNEL_FAILED'
  | 'JOIN_CODE_INVALID'
  | 'JOIN_USED'
  | 'JOIN_EXPIRED'
  | 'JOIN_CANCELLED'
  | 'NETWORK_ERROR'
  | 'MALFORMED_RESPONSE'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'WASM_UNAVAILABLE'
  | 'WASM_MISMATCH'
  | 'OUT_OF_MEMORY'
  | 'WORKER_FAILED'
  | 'REMOTE_UNAVAILABLE'
  | 'REMOTE_FAILED'
  | 'REMOTE_DENIED'

/** Codes after which the same call may succeed without the caller changing anything. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'STORAGE_UNAVAILABLE',
  'STORAGE_CONFLICT',
  'OPERATION_IN_PROGRESS',
  'CLIENT_MOVED',
  'RATE_LIMITED',
  'APPROVAL_REQUIRED',
  'WEBHOOK_FAILED',
  'NETWORK_ERROR',
  'TIMEOUT',
  'OUT_OF_MEMORY',
  'WORKER_FAILED',
  'REMOTE_UNAVAILABLE',
])

/**
 * Who may approve a request: another device of the user, with a signing set of the same wallet; the app's backend
 * (`server.approvals`); or either.
 */
export type Approver = 'device' | 'operator' | 'any'

/** What a request waits for, with the error APPROVAL_REQUIRED. */
export interface RequiredApproval {
  /** Names it: 16 bytes in lower-case hex. */
  readonly approvalId: string
  /** Who may approve it; null if it only has to wait until `readyAt`. */
  readonly approver: Approver | null
  /** Before this time it does not go on (ISO 8601, by the server's clock); null if there is no such time. */
  readonly readyAt: string | null
  /** From this time on it has to be asked for again (ISO 8601). */
  readonly expiresAt: string
  /** Why, as the server's policy says; may be empty. */
  readonly reason: string
}

/** Why a request was denied, with the error POLICY_DENIED. */
export interface Denial {
  /**
   * What has denied it: the server's `policy`; a sum over some time that would be above its maximum; or whoever had to approve it,
   * which is also said if nobody has in time.
   */
  readonly by: 'policy' | 'sum' | 'approver'
  /** Why, as the server's policy says; may be empty. */
  readonly reason: string
}

/**
 * The one error class of reshare. Wrong arguments are `TypeError` or `RangeError`; everything else is an `MpcError`.
 *
 * A message never contains a secret.
 */
export class MpcError extends Error {
  /** Names the class: `MpcError`. */
  override readonly name: string = 'MpcError'
  /** What went wrong. */
  readonly code: ErrorCode
  /** Whether the same call may succeed later, without the caller changing anything. */
  readonly retryable: boolean
  /** With RATE_LIMITED, and with APPROVAL_REQUIRED until `readyAt`: how long the same call will go on failing. */
  readonly retryAfterMs: number | undefined
  /** With APPROVAL_REQUIRED: what the request waits for. */
  readonly approval: RequiredApproval | undefined
  /** With POLICY_DENIED, if the app's policy has denied it, and not a rule that every server has: what has, and why. */
  readonly denial: Denial | undefined

  /** Makes an error with this code. Default of `retryable`: by the code. */
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown
      retryable?: boolean
      retryAfterMs?: number | undefined
      approval?: RequiredApproval | undefined
      denial?: Denial | undefined
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? RETRYABLE.has(code)
    this.retryAfterMs = options.retryAfterMs
    this.approval = options.approval
    this.denial = options.denial
  }
}

brand(MpcError, 'MpcError')

/**
 * Whether this is an {@link MpcError}, and has one of these codes if any are given.
 *
 * `instanceof` says no for errors of a second copy of this package, or of another realm; this says yes.
 */
export function isMpcError<C extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly C[]
): error is MpcError & { readonly code: C } {
  if (!hasBrand(error, 'MpcError')) return false
  return codes.length === 0 || codes.some((code) => code === (error as MpcError).code)
}

/** Why a protocol session ended; `docs/protocol.md` says which check gives which reason. */
export type AbortReason =
  | 'VERSION'
  | 'SET'
  | 'OT_DESYNC'
  | 'SID'
  | 'FORMAT'
  | 'COMMIT'
  | 'DEGREE'
  | 'POINT'
  | 'POK'
  | 'PIN'
  | 'FELDMAN'
  | 'POP'
  | 'ECHO'
  | 'PKSUM'
  | 'SIG'
  | 'CHEAT_SETUP'
  | 'CHEAT_OTE'
  | 'CHEAT_VOLE'
  | 'CHEAT_GAMMA'

const BANNED: ReadonlySet<AbortReason> = new Set<AbortReason>(['CHEAT_OTE', 'CHEAT_VOLE', 'CHEAT_GAMMA'])
const UNBLAMED: ReadonlySet<AbortReason> = new Set<AbortReason>(['VERSION', 'SET', 'OT_DESYNC', 'SID'])

/** A protocol session ended because a check failed. */
export class ProtocolError extends MpcError {
  /** Names the class: `ProtocolError`. */
  override readonly name = 'ProtocolError'
  /** The check that failed. */
  readonly reason: AbortReason
  /** The round whose message failed the check. */
  readonly round: number
  /** The participants who sent what an honest one never sends; empty where nobody can be blamed. */
  readonly blame: readonly number[]
  /** Whether the oblivious-transfer state with the blamed peer must never be used again. */
  readonly ban: boolean

  /** Makes the error of a failed check. Where nobody can be blamed, `blame` is ignored. */
  constructor(reason: AbortReason, round: number, blame: readonly number[], message: string) {
    super('PROTOCOL_ABORTED', `${message} (${reason}, round ${round})`, { retryable: UNBLAMED.has(reason) })
    this.reason = reason
    this.round = round
    this.blame = UNBLAMED.has(reason) ? [] : blame
    this.ban = BANNED.has(reason)
  }
}

brand(ProtocolError, 'ProtocolError')

/** Whether this is a {@link ProtocolError}, of whatever copy of this package. */
export function isProtocolError(error: unknown): error is ProtocolError {
  return hasBrand(error, 'ProtocolError')
}
