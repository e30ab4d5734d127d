import { extract } from '../../symmetric/hkdf.ts'
import { concatBytes, utf8, wipe } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { decodeIdentity } from '../../webauthn/identity.ts'
import { askPasskey, type EvaluatePrf } from '../../webauthn/prf.ts'
import { firstFileKey, onlyArgument, unwrapFileKey, wrapFileKey } from '../age-keys/file-key.ts'
import { encodeArgument } from '../stanza.ts'
import type { AgeIdentityCode, AgeRecipientCode } from '../types.ts'

/** The stanza, and what the inputs of the PRF begin with (age's `fido2prf`). */
export const PASSKEY_STANZA = 'age-encryption.org/fido2prf'
const LABEL = utf8(PASSKEY_STANZA)
const NONCE_LENGTH = 16

/** Which passkey is asked, and how. */
export interface PasskeyUse {
  /** What `createPasskey` gave. */
  readonly identity?: string
  /** The domain, where there is no identity. */
  readonly rpId?: string
  /** Asks in the place of the browser. */
  readonly evaluatePrf?: EvaluatePrf
  /** Ends the prompt. */
  readonly signal?: AbortSignal
}

/**
 * age's recipient and identity of a passkey (`fido2prf`).
 *
 * @throws {TypeError} if the identity is not one of a passkey
 */
export function passkeyKeys(use: PasskeyUse): AgeRecipientCode & AgeIdentityCode {
  const { signal, evaluatePrf } = use
  const hints = use.identity === undefined ? { rpId: use.rpId } : decodeIdentity(use.identity)
  const { credentialId, transports, rpId } = hints as Partial<ReturnType<typeof decodeIdentity>>

  /** Both results, so that no authenticator gives the keys of two files for one prompt. */
  async function keyFor(nonce: Uint8Array): Promise<Uint8Array> {
    const input = (place: number) => concatBytes(LABEL, Uint8Array.of(place), nonce)
    const request = {
      first: input(1),
      second: input(2),
      ...(credentialId && { credentialId }),
      ...(transports && { transports }),
      ...(rpId !== undefined && { rpId }),
      ...(signal && { signal }),
    }
    const { first, second } = await askPasskey(request, evaluatePrf)
    const both = concatBytes(first, second as Uint8Array)
    try {
      return extract(both, LABEL)
    } finally {
      wipe(first, second, both)
    }
  }

  return {
    async wrapFileKey(fileKey) {
      const nonce = systemRandom(NONCE_LENGTH)
      const key = await keyFor(nonce)
      try {
        return [{ args: [PASSKEY_STANZA, encodeArgument(nonce)], body: wrapFileKey(key, fileKey) }]
      } finally {
        wipe(key)
      }
    },
    unwrapFileKey: (stanzas) =>
      firstFileKey(PASSKEY_STANZA, stanzas, async (stanza) => {
        const key = await keyFor(onlyArgument(stanza, NONCE_LENGTH))
        try {
          return unwrapFileKey(key, stanza.body)
        } finally {
          wipe(key)
        }
      }),
  }
}
