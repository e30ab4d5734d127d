import { isMpcError, type ErrorCode } from '../../errors.ts'
import { brand, errorMessage, errorName, hasBrand } from '../../util/brand.ts'

/** The codes of EIP-1193 ("Provider Errors"), EIP-3326 and JSON-RPC 2.0 (§5.1) that the provider itself gives. */
export const PROVIDER_CODES = {
  userRejected: 4001,
  unauthorized: 4100,
  unsupportedMethod: 4200,
  disconnected: 4900,
  unknownChain: 4902,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const

/** An error as EIP-1193 has it. */
export class EthereumProviderError extends Error {
  override readonly name = 'ProviderRpcError'
  readonly code: number
  /** What the node said besides, such as the data of a revert; for an `MpcError` its `code` and `retryable`. */
  readonly data?: unknown

  static {
    brand(this, 'EthereumProviderError')
  }

  constructor(code: number, message: string, options: { cause?: unknown; data?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.data !== undefined) this.data = options.data
  }
}

/** @throws {EthereumProviderError} -32602 with this message */
export function refuseParams(message: string): never {
  throw new EthereumProviderError(PROVIDER_CODES.invalidParams, message)
}

/** Whatever went wrong, with the code that an application expects of a provider. */
export function toProviderError(error: unknown): EthereumProviderError {
  if (hasBrand(error, 'EthereumProviderError')) return error as EthereumProviderError
  const mpc = findCause(error, (cause) => isMpcError(cause))
  if (mpc !== undefined) {
    const { code, retryable, message } = mpc
    return new EthereumProviderError(codeOfMpcError(code), message, { cause: error, data: { code, retryable } })
  }
  const message = messageOf(error)
  if (isUnreachable(error)) return new EthereumProviderError(PROVIDER_CODES.disconnected, message, { cause: error })
  const code = findCause(error, hasCode)?.code ?? PROVIDER_CODES.internal
  return new EthereumProviderError(code, message, { cause: error, data: findCause(error, hasData)?.data })
}

/** What the node said, where viem only says that it said something. */
function messageOf(error: unknown): string {
  const { details, shortMessage } = (error ?? {}) as { details?: unknown; shortMessage?: unknown }
  if (typeof shortMessage === 'string') return typeof details === 'string' && details !== '' ? details : shortMessage
  return errorMessage(error) ?? 'the request failed'
}

/** Whether no node answered. */
export function isUnreachable(error: unknown): boolean {
  return findCause(error, isTransportFailure) !== undefined
}

/** By names that viem gives: a program may hold two copies of it. */
function isTransportFailure(cause: unknown): cause is Error {
  if (typeof (cause as { shortMessage?: unknown }).shortMessage !== 'string') return false
  const name = errorName(cause)
  if (name === 'HttpRequestError') return (cause as { status?: unknown }).status === undefined
  return name === 'SocketClosedError' || name === 'TimeoutError' || name === 'WebSocketRequestError'
}

function codeOfMpcError(code: ErrorCode): number {
  if (code === 'ABORTED') return PROVIDER_CODES.userRejected
  if (code === 'POLICY_DENIED' || code === 'AUTH_FAILED') return PROVIDER_CODES.unauthorized
  return PROVIDER_CODES.internal
}

/** The outermost of the error and its causes that `matches`. */
function findCause<T>(error: unknown, matches: (cause: unknown) => cause is T): T | undefined {
  const seen = new Set<unknown>()
  let cause = error
  while (typeof cause === 'object' && cause !== null && !seen.has(cause)) {
    if (matches(cause)) return cause
    seen.add(cause)
    cause = (cause as { cause?: unknown }).cause
  }
  return undefined
}

/** viem's own -1 stands for a code that it does not know, which is further in. */
function hasCode(cause: unknown): cause is { code: number } {
  const { code } = cause as { code?: unknown }
  return typeof code === 'number' && code !== -1
}

function hasData(cause: unknown): cause is { data: unknown } {
  return (cause as { data?: unknown }).data !== undefined
}
