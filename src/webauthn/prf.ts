import { MpcError } from '../errors.ts'
import { abytes, isBytes } from '../util/bytes.ts'
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
 * verification, and give the results that WebAuthn gives for these inputs. A lock wipes them.
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
  return {
    first: prfResult(results?.first),
    second: request.second === undefined ? undefined : prfResult(results?.second),
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
  return toBytes(data)
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

/** Anything but 32 bytes would make keys of little or nothing. */
function prfResult(result: unknown): Uint8Array<ArrayBuffer> {
  const bytes = toBytes(result)
  if (bytes?.length === PRF_LENGTH) return bytes
  throw new MpcError('STORAGE_UNAVAILABLE', 'this passkey, or this browser, has no PRF that gives 32 bytes', {
    retryable: false,
  })
}

/** A buffer of any realm, a view, or the list of numbers that some password managers give. Not a copy, if it can be helped. */
function toBytes(result: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (isBytes(result)) return abytes(result, undefined, 'a PRF result') as Uint8Array<ArrayBuffer>
  if (ArrayBuffer.isView(result)) {
    return new Uint8Array(result.buffer as ArrayBuffer, result.byteOffset, result.byteLength)
  }
  if (Object.prototype.toString.call(result) === '[object ArrayBuffer]') return new Uint8Array(result as ArrayBuffer)
  const isByteList = Array.isArray(result) && result.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
  return isByteList ? Uint8Array.from(result as number[]) : undefined
}
