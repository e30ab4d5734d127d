import type { EvaluatePrf } from '../../webauthn/prf.ts'
import { requirePrf, requireWebAuthn } from '../../webauthn/support.ts'
import { throwIfAborted } from '../failures.ts'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { createBackupMethod } from '../method.ts'
import { passkeyKeys, PASSKEY_STANZA } from './prf.ts'
import { assertObject } from '../../util/arguments.ts'

/**
 * A backup that a passkey opens. The user is asked at each sealing and at each opening, so twice in a backup: once to
 * seal it, and once to prove that it opens.
 *
 * @param options.identity what {@link createPasskey} gave; without it the user chooses among the domain's passkeys
 * @param options.rpId the domain, where there is no identity; the page's own by default
 * @param options.evaluatePrf asks for the passkey in the place of the browser, such as a native module of React Native
 * @throws {TypeError} if `evaluatePrf` is not a function
 */
export function passkey(
  options: { readonly identity?: string; readonly rpId?: string; readonly evaluatePrf?: EvaluatePrf } = {},
): KeyedBackupMethod {
  const { evaluatePrf } = assertObject(options, 'passkey')
  if (evaluatePrf !== undefined && typeof evaluatePrf !== 'function') {
    throw new TypeError('evaluatePrf must be a function')
  }
  return createBackupMethod({
    name: 'PASSKEY',
    async probe({ signal } = {}) {
      throwIfAborted(signal)
      if (evaluatePrf !== undefined) return
      requireWebAuthn()
      await requirePrf()
      throwIfAborted(signal)
    },
    async recipients({ onProgress, signal }) {
      if (evaluatePrf === undefined) requireWebAuthn()
      const recipient = passkeyKeys({ ...options, ...(signal && { signal }) })
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
      if (evaluatePrf === undefined) requireWebAuthn()
      const identity = passkeyKeys({ ...options, ...(signal && { signal }) })
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
