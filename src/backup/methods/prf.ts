import type { webauthn } from 'age-encryption'
import { concatBytes, utf8 } from '../../util/bytes.ts'
import { askPasskey, type EvaluatePrf } from '../../webauthn/prf.ts'

/** The stanza, and what the inputs of the PRF begin with (age's `fido2prf`). */
export const PASSKEY_STANZA = 'age-encryption.org/fido2prf'

/** Which passkey is asked for, as age has it from its options. */
interface Hints {
  readonly credId?: Uint8Array
  readonly transports?: readonly string[]
  readonly rpId?: string
}

/**
 * Has age's recipient or identity ask for the passkey in this way, which can be aborted and looks at the answer.
 *
 * @param evaluate asks in the place of the browser
 */
export function askingFor<T extends webauthn.WebAuthnRecipient | webauthn.WebAuthnIdentity>(
  use: T,
  signal: AbortSignal | undefined,
  evaluate: EvaluatePrf | undefined,
): T {
  const { credId, transports, rpId } = use as unknown as Hints
  const getCredential = (nonce: Uint8Array) => {
    const input = (place: number) => concatBytes(utf8(PASSKEY_STANZA), Uint8Array.of(place), nonce)
    const request = {
      first: input(1),
      second: input(2),
      ...(credId && { credentialId: credId }),
      ...(transports && { transports }),
      ...(rpId !== undefined && { rpId }),
      ...(signal && { signal }),
    }
    return askPasskey(request, evaluate)
  }
  return Object.defineProperty(use, 'getCredential', { value: getCredential })
}
