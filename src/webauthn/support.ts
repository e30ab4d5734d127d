import { MpcError } from '../errors.ts'

/** @throws {STORAGE_UNAVAILABLE} if this runtime has no WebAuthn */
export function requireWebAuthn(): void {
  if (typeof globalThis.PublicKeyCredential !== 'function' || typeof globalThis.navigator?.credentials !== 'object') {
    throw new MpcError('STORAGE_UNAVAILABLE', 'this runtime has no passkeys (WebAuthn)')
  }
}

/**
 * Browsers that do not say what they can are tried.
 *
 * @throws {STORAGE_UNAVAILABLE} if the browser says that it has no PRF; not retryable
 */
export async function requirePrf(): Promise<void> {
  const capabilities = await clientCapabilities().catch(() => undefined)
  if (capabilities?.['extension:prf'] !== false) return
  throw new MpcError('STORAGE_UNAVAILABLE', 'this browser has no passkeys with PRF', { retryable: false })
}

async function clientCapabilities(): Promise<Record<string, boolean> | undefined> {
  const { getClientCapabilities } = PublicKeyCredential as Partial<typeof PublicKeyCredential>
  return getClientCapabilities?.call(PublicKeyCredential)
}
