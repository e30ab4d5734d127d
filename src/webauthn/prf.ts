import { MpcError } from '../errors.ts'
import { abytes, allSame, isBytes, wipe } from '../util/bytes.ts'
import { untilAborted } from '../util/exchange.ts'
import { throwIfAborted, withCode } from '../util/failures.ts'
import { systemRandom } from '../util/random.ts'
import { requireWebAuthn } from './support.ts'

const PRF_LENGTH = 32
/** User verified: bit 2 of the flags, which follow the 32 bytes of the domain's hash (Web Authentication Level 3). */
const FLAGS_OFFSET = 32
const USER_VERIFIED = 4

/** What a passkey's PRF is evaluated on. The names are those of WebAuthn's `prf.eval`. */
export interface PrfRequest {
  /** An input, as WebAuthn has it: the platform hashes it with a prefix of its own. */
  readonly first: Uint8Array
  /** A second input, evaluated with the same prompt. */
  readonly second?: Uint8Array
  /** The id of the passkey. Without it the user chooses among those of the domain. */
  readonly credentialId?: Uint8Array
  /** How the authenticator may be reached, as WebAuthn has it. */
  readonly transports?: readonly string[]
  /** The domain that the passkey belongs to. Default: that of the page or app. */
  readonly rpId?: string
  /** Ends the prompt. */
  readonly signal?: AbortSignal
}

/** What a PRF makes of its inputs: 32 bytes for each, as bytes or a buffer. */
export interface PrfResults {
  /** The result of the first input. */
  readonly first?: unknown
  /** The result of the second input, if there was one. */
  readonly second?: unknown
}

/**
 * Evaluates the PRF of a passkey in the place of the browser, such as a native module of React Native. It must require user
 * verification, and give the results that WebAuthn gives for these inputs. They are copied.
 */
export type EvaluatePrf = (request: PrfRequest) => PrfResults | Promise<PrfResults>

/**
 * Asks the user for a passkey, and gives what its PRF makes of the inputs: 32 bytes for each.
 *
 * @throws {STORAGE_UNAVAILABLE} if the user refuses, another request is pending, or the passkey has no such PRF; only
 * the last is final
 * @throws {ABORTED} if the signal is aborted; the prompt goes away
 */
export async function askPasskey(
  request: PrfRequest,
  evaluate: EvaluatePrf = evaluateInBrowser,
): Promise<{ first: Uint8Array<ArrayBuffer>; second: Uint8Array<ArrayBuffer> | undefined }> {
  const { signal } = request
  throwIfAborted(signal)
  const results = await withCode('STORAGE_UNAVAILABLE', 'the passkey was not used', async () => {
    try {
      return await untilAborted(signal, (async () => evaluate(request))())
    } finally {
      throwIfAborted(signal)
    }
  })
  try {
    return {
      first: prfResult(results?.first),
      second: request.second === undefined ? undefined : prfResult(results?.second),
    }
  } finally {
    // An app may give its only array.
    if (evaluate === evaluateInBrowser) wipe(viewOf(results?.first), viewOf(results?.second))
  }
}

async function evaluateInBrowser(request: PrfRequest): Promise<PrfResults> {
  requireWebAuthn()
  const credential = (await navigator.credentials.get(requestFor(request))) as PublicKeyCredential | null
  const flags = authenticatorData(credential)?.[FLAGS_OFFSET]
  if (flags !== undefined && (flags & USER_VERIFIED) === 0) throw new Error('the user was not verified')
  return credential?.getClientExtensionResults().prf?.results ?? {}
}

function authenticatorData(credential: PublicKeyCredential | null): Uint8Array | undefined {
  const { authenticatorData: data } = (credential?.response ?? {}) as Partial<AuthenticatorAssertionResponse>
  return viewOf(data)
}

function requestFor({ first, second, credentialId, transports, rpId, signal }: PrfRequest) {
  const allowed = {
    type: 'public-key',
    ...(transports && { transports: transports as AuthenticatorTransport[] }),
  } as const
  return {
    publicKey: {
      allowCredentials: credentialId === undefined ? [] : [{ ...allowed, id: new Uint8Array(credentialId) }],
      challenge: new Uint8Array(systemRandom(16)),
      extensions: {
        prf: { eval: { first: new Uint8Array(first), ...(second && { second: new Uint8Array(second) }) } },
      },
      // The PRF of an authenticator is another one without it.
      userVerification: 'required',
      ...(rpId !== undefined && { rpId }),
    },
    ...(signal && { signal }),
  } satisfies CredentialRequestOptions
}

/** Copies a result. Anything but 32 bytes, or bytes that are all the same, would make keys of little or nothing. */
function prfResult(result: unknown): Uint8Array<ArrayBuffer> {
  const bytes = copyBytes(result)
  if (bytes?.length === PRF_LENGTH && !allSame(bytes)) return bytes
  wipe(bytes)
  throw new MpcError('STORAGE_UNAVAILABLE', 'this passkey, or this browser, has no PRF that gives 32 bytes', {
    retryable: false,
  })
}

/** Copies a buffer of any realm, a view, or the list of numbers that some password managers give. */
function copyBytes(result: unknown): Uint8Array<ArrayBuffer> | undefined {
  const isByteList = Array.isArray(result) && result.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
  const bytes = isByteList ? (result as number[]) : viewOf(result)
  return bytes && Uint8Array.from(bytes)
}

/** The memory of a buffer of any realm, or of a view. */
function viewOf(result: unknown): Uint8Array | undefined {
  if (isBytes(result)) return abytes(result, undefined, 'a PRF result')
  if (ArrayBuffer.isView(result)) return new Uint8Array(result.buffer, result.byteOffset, result.byteLength)
  const isBuffer = Object.prototype.toString.call(result) === '[object ArrayBuffer]'
  return isBuffer ? new Uint8Array(result as ArrayBuffer) : undefined
}
