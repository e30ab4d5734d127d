import { MpcError } from '../errors.ts'
import { withCode } from '../util/failures.ts'
import { systemRandom } from '../util/random.ts'
import { encodeIdentity } from './identity.ts'
import { requirePrf, requireWebAuthn } from './support.ts'

/** Ed25519, ECDSA with P-256, RSA (COSE). The signature is not used: what the authenticator has will do. */
const ALGORITHMS = [-8, -7, -257]

/**
 * Makes a passkey that can open backups and device locks (WebAuthn with the PRF extension). The user is asked.
 *
 * @param options.keyName what the user sees in the list of passkeys
 * @param options.rpId the domain that it belongs to; the page's own by default
 * @returns an identity, not secret: it names the passkey and its domain. It is age's, of `age-plugin-fido2prf`
 * @throws {TypeError} if an option is wrong
 * @throws {STORAGE_UNAVAILABLE} if this browser or authenticator has no passkeys with PRF, or the user refused. A browser
 *   that says that it has none is not asked for a passkey
 */
export async function createPasskey(options: { readonly keyName: string; readonly rpId?: string }): Promise<string> {
  const { keyName, rpId } = options ?? {}
  if (typeof keyName !== 'string' || keyName === '') throw new TypeError('keyName must be a text')
  if (rpId !== undefined && typeof rpId !== 'string') throw new TypeError('rpId must be a domain')
  requireWebAuthn()
  await requirePrf()
  return withCode('STORAGE_UNAVAILABLE', 'no passkey was made', async () => {
    const credential = await navigator.credentials.create(creationOf(keyName, rpId))
    return identityOf(credential as PublicKeyCredential | null, rpId ?? globalThis.location.hostname)
  })
}

function creationOf(keyName: string, rpId: string | undefined): CredentialCreationOptions {
  return {
    publicKey: {
      rp: { name: '', ...(rpId !== undefined && { id: rpId }) },
      // A random user id, so that it replaces no other passkey.
      user: { name: keyName, id: new Uint8Array(systemRandom(8)), displayName: '' },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      authenticatorSelection: { requireResidentKey: true, residentKey: 'required', userVerification: 'required' },
      extensions: { prf: {} },
      // Nobody verifies it: there is no attestation.
      challenge: new Uint8Array(systemRandom(16)),
    },
  }
}

function identityOf(credential: PublicKeyCredential | null, rpId: string): string {
  if (credential?.getClientExtensionResults().prf?.enabled !== true) {
    throw new MpcError('STORAGE_UNAVAILABLE', 'the passkey that was made has no PRF', { retryable: false })
  }
  const { getTransports } = credential.response as Partial<AuthenticatorAttestationResponse>
  const transports = getTransports?.call(credential.response) ?? []
  return encodeIdentity({ credentialId: new Uint8Array(credential.rawId), rpId, transports })
}
