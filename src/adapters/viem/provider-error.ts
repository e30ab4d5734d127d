import { isMpcError, type ErrorCode } from '../../errors.ts'
import { brand, errorMessage, errorName, hasBrand, isDomException } from '../../util/brand.ts'

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
  /** Always `ProviderRpcError`, as EIP-1193 requires. */
  override readonly name = 'ProviderRpcError'
  /** A code of EIP-1193 or JSON-RPC, or the node's own. */
  readonly code: number
  /** What the node said besides, such as the data of a revert; for an `MpcError` its `code` and `retryable`. */
  readonly data?: unknown

  static {
    brand(this, 'EthereumProviderError')
  }

  /** Makes an error with this code. @param code of EIP-1193, JSON-RPC or the node */
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

/** Reads what a page sent; whatever goes wrong with that is -32602. */
export function readParams<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isProviderError(error)) throw error
    return refuseParams(messageOf(error))
  }
}

/**
 * Whatever went wrong here, with the code that an application expects of a provider. Codes of other kinds (of a
 * `DOMException`, of gRPC) say something else to an application, and do not get out.
 */
export function toProviderError(error: unknown): EthereumProviderError {
  return convert(error, isStandardCode)
}

/** What the node answered instead of a result, with its own code and data. */
export function toNodeError(error: unknown): EthereumProviderError {
  return convert(error, (code) => Number.isSafeInteger(code) && code !== UNKNOWN_TO_VIEM)
}

/** What went wrong in the caller's `approve`; one that gave up has not approved. */
export function toDenial(error: unknown): EthereumProviderError {
  const gaveUp = causesOf(error).some((cause) => ['AbortError', 'TimeoutError'].includes(errorName(cause) ?? ''))
  if (!gaveUp) return toProviderError(error)
  return new EthereumProviderError(PROVIDER_CODES.userRejected, 'the approval was aborted', { cause: error })
}

/** Whether no node answered. */
export function isUnreachable(error: unknown): boolean {
  return causesOf(error).some(isTransportFailure)
}

function isProviderError(error: unknown): error is EthereumProviderError {
  return hasBrand(error, 'EthereumProviderError')
}

function convert(error: unknown, isCode: (code: unknown) => boolean): EthereumProviderError {
  if (isProviderError(error)) return error
  const causes = causesOf(error)
  const mpc = causes.find((cause) => isMpcError(cause))
  if (mpc !== undefined) {
    const { code, retryable, message } = mpc
    return new EthereumProviderError(codeOfMpcError(code), message, { cause: error, data: { code, retryable } })
  }
  const message = messageOf(error)
  if (isUnreachable(error)) return new EthereumProviderError(PROVIDER_CODES.disconnected, message, { cause: error })
  const codes = causes.filter((cause) => !isDomException(cause)).map((cause) => read(cause, 'code'))
  const code = (codes.find(isCode) as number | undefined) ?? PROVIDER_CODES.internal
  const data = causes.map((cause) => read(cause, 'data')).find((given) => given !== undefined)
  return new EthereumProviderError(code, message, { cause: error, data })
}

/** viem's own -1 stands for a code that it does not know, which is further in. */
const UNKNOWN_TO_VIEM = -1

const EIP_1193_CODES: readonly unknown[] = [4001, 4100, 4200, 4900, 4901, 4902]

/** Of EIP-1193, or one that JSON-RPC 2.0 (§5.1) keeps for itself. */
function isStandardCode(code: unknown): boolean {
  if (EIP_1193_CODES.includes(code)) return true
  return Number.isInteger(code) && (code as number) >= -32_768 && (code as number) <= -32_000
}

/** What the node said, where viem only says that it said something. */
function messageOf(error: unknown): string {
  const [details, shortMessage] = ['details', 'shortMessage'].map((name) => read(error, name))
  if (typeof shortMessage === 'string') return typeof details === 'string' && details !== '' ? details : shortMessage
  return errorMessage(error) ?? 'the request failed'
}

/** By names that viem gives: a program may hold two copies of it. */
function isTransportFailure(cause: unknown): boolean {
  if (typeof read(cause, 'shortMessage') !== 'string') return false
  const name = errorName(cause)
  if (name === 'HttpRequestError') return read(cause, 'status') === undefined
  return name === 'SocketClosedError' || name === 'TimeoutError' || name === 'WebSocketRequestError'
}

function codeOfMpcError(code: ErrorCode): number {
  if (code === 'ABORTED') return PROVIDER_CODES.userRejected
  if (code === 'POLICY_DENIED' || code === 'AUTH_FAILED') return PROVIDER_CODES.unauthorized
  return PROVIDER_CODES.internal
}

/** The error and its causes, outermost first. They come from anywhere: a chain may be a circle. */
function causesOf(error: unknown): readonly object[] {
  const causes = new Set<object>()
  let cause = error
  while (typeof cause === 'object' && cause !== null && !causes.has(cause)) {
    causes.add(cause)
    cause = read(cause, 'cause')
  }
  return [...causes]
}

/** A property of an error from anywhere, if it can be read. */
function read(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null) return undefined
  try {
    return (from as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
