import { webauthn } from 'age-encryption'
import { MpcError } from '../../errors.ts'
import { throwIfAborted, withCode } from '../failures.ts'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { createBackupMethod } from '../method.ts'
import { askingFor, PASSKEY_STANZA } from './prf.ts'

/**
 * Makes a passkey that can open backups (WebAuthn with the PRF extension). The user is asked.
 *
 * @param options.keyName what the user sees in the list of passkeys
 * @param options.rpId the domain that it belongs to; the page's own by default
 * @returns a hint for {@link passkey}, not secret: it names the passkey and its domain
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
  const creation = { keyName, ...(rpId !== undefined && { rpId }) }
  return withCode('STORAGE_UNAVAILABLE', 'no passkey was made', () => webauthn.createCredential(creation))
}

/**
 * A backup that a passkey opens. The user is asked at each sealing and at each opening, so twice in a backup: once to
 * seal it, and once to prove that it opens.
 *
 * @param options.identity what {@link createPasskey} gave; without it the user chooses among the domain's passkeys
 * @param options.rpId the domain, where there is no identity; the page's own by default
 */
export function passkey(options: { readonly identity?: string; readonly rpId?: string } = {}): KeyedBackupMethod {
  return createBackupMethod({
    name: 'PASSKEY',
    async probe({ signal } = {}) {
      throwIfAborted(signal)
      requireWebAuthn()
      await requirePrf()
      throwIfAborted(signal)
    },
    async recipients({ onProgress, signal }) {
      requireWebAuthn()
      const recipient = askingFor(new webauthn.WebAuthnRecipient(options), signal)
      return [
        {
          async wrapFileKey(fileKey) {
            const stanzas = await recipient.wrapFileKey(fileKey)
            onProgress?.(1)
            return stanzas
          },
        },
      ]
    },
    async identities({ stanzas, onProgress, signal }) {
      if (!stanzas.some(([type]) => type === PASSKEY_STANZA)) return []
      requireWebAuthn()
      const identity = askingFor(new webauthn.WebAuthnIdentity(options), signal)
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

/** Browsers that do not say what they can are tried. */
async function requirePrf(): Promise<void> {
  const capabilities = await clientCapabilities().catch(() => undefined)
  if (capabilities?.['extension:prf'] !== false) return
  throw new MpcError('STORAGE_UNAVAILABLE', 'this browser has no passkeys with PRF', { retryable: false })
}

async function clientCapabilities(): Promise<Record<string, boolean> | undefined> {
  const { getClientCapabilities } = PublicKeyCredential as Partial<typeof PublicKeyCredential>
  return getClientCapabilities?.call(PublicKeyCredential)
}
