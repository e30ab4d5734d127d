import { isMpcError, type ErrorCode } from '../../errors.ts'
import { brand, errorMessage, errorName, hasBrand, isDomException } from '../../util/brand.ts'

/** The codes of EIP-1193 ("Provider Errors"), EIP-3326, EIP-5792 and JSON-RPC 2.0 (§5.1) that the provider itself uses. */
export const PROVIDER_CODES = {
  userRejected: 4001,
  unauthorized: 4100,
  unsupportedMethod: 4200,
  disconnected: 4900,
  chainDisconnected: 4901,
  unknownChain: 4902,
  unsupportedCapability: 5700,
  unsupportedChain: 5710,
  duplicateId: 5720,
  unknownBundle: 5730,
  bundleTooLarge: 5740,
  atomicityUnsupported: 5760,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const

/** An error of a provider, as EIP-1193 defines it. */
export class EthereumProviderError extends Error {
  /** Always `ProviderRpcError`, as EIP-1193 requires. */
  override readonly name = 'ProviderRpcError'
  /** A code of EIP-1193 or JSON-RPC, or the node's own. */
  readonly code: number
  /** More data of the node, such as that of a revert. For an `MpcError`, its `code` and `retryable`. */
  readonly data?: unknown

  /** Makes an error with this code. @param code of EIP-1193, JSON-RPC or the node */
  constructor(code: number, message: string, options: { cause?: unknown; data?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.data !== undefined) this.data = options.data
  }
}

brand(EthereumProviderError, 'EthereumProviderError')

/** @throws {EthereumProviderError} -32602 with this message */
export function refuseParams(message: string): never {
  throw new EthereumProviderError(PROVIDER_CODES.invalidParams, message)
}

/** Reads parameters of a page. Any error becomes -32602. */
export function readParams<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isProviderError(error)) throw error
    return refuseParams(messageOf(error))
  }
}

/**
 * Converts any error to one with a code that an application expects of a provider. Codes of other kinds (of a
 * `DOMException`, of gRPC) are not passed on, since an application would misread them.
 */
export function toProviderError(error: unknown): EthereumProviderError {
  return convert(error, isStandardCode)
}

/** Converts an error response of the node, with its own code and data. */
export function toNodeError(error: unknown): EthereumProviderError {
  return convert(error, (code) => Number.isSafeInteger(code) && code !== UNKNOWN_TO_VIEM)
}

/** Converts an error of the caller's `approve`. If it was aborted or timed out, that is a refusal. */
export function toDenial(error: unknown): EthereumProviderError {
  const gaveUp = causesOf(error).some((cause) => ['AbortError', 'TimeoutError'].includes(errorName(cause) ?? ''))
  if (!gaveUp) return toProviderError(error)
  return new EthereumProviderError(PROVIDER_CODES.userRejected, 'the approval was aborted', { cause: error })
}

/** Whether the node could not be reached. */
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

/** viem uses -1 if it does not know a code. The real code is in a cause of the error. */
const UNKNOWN_TO_VIEM = -1

const EIP_1193_CODES: readonly unknown[] = [4001, 4100, 4200, 4900, 4901, 4902]

/** Whether a code is one of EIP-1193, or in the range that JSON-RPC 2.0 (§5.1) reserves. */
function isStandardCode(code: unknown): boolean {
  if (EIP_1193_CODES.includes(code)) return true
  return Number.isInteger(code) && (code as number) >= -32_768 && (code as number) <= -32_000
}

/** The message of the node, if viem has it in `details`; else that of the error. */
function messageOf(error: unknown): string {
  const [details, shortMessage] = ['details', 'shortMessage'].map((name) => read(error, name))
  if (typeof shortMessage === 'string') return typeof details === 'string' && details !== '' ? details : shortMessage
  return errorMessage(error) ?? 'the request failed'
}

/** Whether this is an error of viem's transports. Compares names, since a program may contain two copies of viem. */
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

/** The error and its causes, outermost first. The chain may be circular. */
function causesOf(error: unknown): readonly object[] {
  const causes = new Set<object>()
  let cause = error
  while (typeof cause === 'object' && cause !== null && !causes.has(cause)) {
    causes.add(cause)
    cause = read(cause, 'cause')
  }
  return [...causes]
}

/** A property of an error, or undefined if it cannot be read. */
function read(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null) return undefined
  try {
    return (from as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
