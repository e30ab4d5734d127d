import { webauthn } from 'age-encryption'
import { MpcError } from '../errors.ts'
import { throwIfAborted, withCode } from './failures.ts'
import { backupMethod, type KeyedBackupMethod } from './method.ts'

const PASSKEY_STANZA = 'age-encryption.org/fido2prf'

/**
 * Makes a passkey that can open backups (WebAuthn with the PRF extension). The user is asked.
 *
 * @param options.keyName what the user sees in the list of passkeys
 * @param options.rpId the domain that it belongs to; the page's own by default
 * @returns a hint for {@link passkey}, not secret: it names the passkey and its domain
 * @throws {STORAGE_UNAVAILABLE} if this browser or authenticator has no passkeys with PRF, or the user refused
 */
export async function createPasskey(options: { readonly keyName: string; readonly rpId?: string }): Promise<string> {
  requireWebAuthn()
  return withCode('STORAGE_UNAVAILABLE', 'no passkey was made', () => webauthn.createCredential(options))
}

/**
 * A backup that a passkey opens. The user is asked at each sealing and at each opening, so twice in a backup: once to
 * seal it, and once to prove that it opens.
 *
 * @param options.identity what {@link createPasskey} gave; without it the user chooses among the domain's passkeys
 * @param options.rpId the domain, where there is no identity; the page's own by default
 */
export function passkey(options: { readonly identity?: string; readonly rpId?: string } = {}): KeyedBackupMethod {
  return backupMethod({
    name: 'PASSKEY',
    async probe({ signal } = {}) {
      throwIfAborted(signal)
      requireWebAuthn()
    },
    async recipients({ onProgress, signal }) {
      requireWebAuthn()
      const recipient = new webauthn.WebAuthnRecipient(options)
      return [
        {
          async wrapFileKey(fileKey) {
            throwIfAborted(signal)
            const wrap = () => recipient.wrapFileKey(fileKey)
            const stanzas = await withCode('STORAGE_UNAVAILABLE', 'the passkey was not used', wrap)
            onProgress?.(1)
            return stanzas
          },
        },
      ]
    },
    async identities({ stanzas, onProgress }) {
      if (!stanzas.some(([type]) => type === PASSKEY_STANZA)) return []
      requireWebAuthn()
      const identity = new webauthn.WebAuthnIdentity(options)
      return [
        {
          async unwrapFileKey(all) {
            const fileKey = await identity.unwrapFileKey(all)
            onProgress?.(1)
            return fileKey
          },
        },
      ]
    },
  })
}

function requireWebAuthn(): void {
  if (typeof globalThis.PublicKeyCredential !== 'function' || typeof globalThis.navigator?.credentials !== 'object') {
    throw new MpcError('STORAGE_UNAVAILABLE', 'this runtime has no passkeys (WebAuthn)')
  }
}
