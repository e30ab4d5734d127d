import { identityCode, kindArgument, recipientCode, recipientOf } from '../age-keys/text-age.ts'
import type { AgeKeyKind } from '../age-keys/kind.ts'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { createBackupMethod } from '../method.ts'
import { throwIfAborted } from '../failures.ts'
import type { AgeIdentity, AgeRecipient } from '../types.ts'
import { assertObject } from '../../util/arguments.ts'

/** The caller's own age keys. */
export interface CustomOptions {
  /** Seal. Where there are none, they are computed from the identities. */
  readonly recipients?: readonly AgeRecipient[]
  /** Open. May be left out beside another method, for a key that is not at hand when the backup is made. */
  readonly identities?: readonly AgeIdentity[]
  /** A kind of keys as text that is understood beside X25519, such as `hybrid` of `reshare/backup/post-quantum`. */
  readonly kind?: AgeKeyKind
}

/**
 * A backup that the app's own age keys open: a hardware token, a recovery key on paper, a key service.
 *
 * @throws {TypeError} if there is no key, or one is not an age key
 */
export function custom(options: CustomOptions): KeyedBackupMethod {
  const { recipients = [], identities = [], kind: given } = assertObject(options, 'custom')
  if (![recipients, identities].every((keys: unknown) => Array.isArray(keys))) {
    throw new TypeError('age keys must be lists')
  }
  if (recipients.length === 0 && identities.length === 0) throw new TypeError('a recipient or an identity is needed')
  const kind = kindArgument(given)
  const sealing = recipients.map((recipient) => recipientCode(recipient, kind))
  const opening = identities.map((identity) => identityCode(identity, kind))
  return createBackupMethod({
    name: 'CUSTOM',
    sealsOnly: identities.length === 0,
    async probe({ signal } = {}) {
      throwIfAborted(signal)
    },
    async recipients() {
      if (sealing.length > 0) return sealing
      const texts = await Promise.all(identities.map((identity) => recipientOf(identity, kind)))
      return texts.map((text) => recipientCode(text, kind))
    },
    identities: async () => opening,
  })
}
