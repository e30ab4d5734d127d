import type { webauthn } from 'age-encryption'
import { MpcError } from '../../errors.ts'
import { abytes, concatBytes, isBytes, utf8 } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { throwIfAborted, withCode } from '../failures.ts'

/** The stanza, and what the inputs of the PRF begin with (age's `fido2prf`). */
export const PASSKEY_STANZA = 'age-encryption.org/fido2prf'

const PRF_LENGTH = 32

/** Which passkey is asked for, as age has it from its options. */
interface Hints {
  readonly credId?: Uint8Array<ArrayBuffer>
  readonly transports?: AuthenticatorTransport[]
  readonly rpId?: string
}

/** Has age's recipient or identity ask for the passkey in this way, which can be aborted and looks at the answer. */
export function askingFor<T extends webauthn.WebAuthnRecipient | webauthn.WebAuthnIdentity>(
  use: T,
  signal: AbortSignal | undefined,
): T {
  const getCredential = (nonce: Uint8Array) => askPasskey(use as unknown as Hints, nonce, signal)
  return Object.defineProperty(use, 'getCredential', { value: getCredential })
}

/**
 * What a passkey's PRF makes of a nonce: two results of 32 bytes.
 *
 * @throws {STORAGE_UNAVAILABLE} if the user refuses, another request is pending, or the passkey has no such PRF; only
 * the last is final
 * @throws {ABORTED} if the signal is aborted; the prompt goes away
 */
async function askPasskey(hints: Hints, nonce: Uint8Array, signal: AbortSignal | undefined) {
  throwIfAborted(signal)
  const credential = await withCode('STORAGE_UNAVAILABLE', 'the passkey was not used', async () => {
    try {
      return await navigator.credentials.get(requestFor(hints, nonce, signal))
    } finally {
      throwIfAborted(signal)
    }
  })
  const results = (credential as PublicKeyCredential | null)?.getClientExtensionResults().prf?.results
  return { first: prfResult(results?.first), second: prfResult(results?.second) }
}

function requestFor({ credId, transports, rpId }: Hints, nonce: Uint8Array, signal: AbortSignal | undefined) {
  const input = (place: number) => new Uint8Array(concatBytes(utf8(PASSKEY_STANZA), Uint8Array.of(place), nonce))
  const allowed = { type: 'public-key', ...(transports && { transports }) } as const
  return {
    publicKey: {
      allowCredentials: credId === undefined ? [] : [{ ...allowed, id: credId }],
      challenge: new Uint8Array(systemRandom(16)),
      extensions: { prf: { eval: { first: input(1), second: input(2) } } },
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

/** A buffer of any realm, a view, or the list of numbers that some password managers give. */
function toBytes(result: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (isBytes(result)) return new Uint8Array(abytes(result, undefined, 'a PRF result'))
  if (ArrayBuffer.isView(result)) return new Uint8Array(result.buffer, result.byteOffset, result.byteLength).slice()
  if (Object.prototype.toString.call(result) === '[object ArrayBuffer]') return new Uint8Array(result as ArrayBuffer)
  const isByteList = Array.isArray(result) && result.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)
  return isByteList ? Uint8Array.from(result as number[]) : undefined
}
