import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { createBackupMethod } from '../method.ts'
import { throwIfAborted } from '../failures.ts'
import type { AgeIdentity, AgeIdentityCode, AgeRecipient } from '../types.ts'
import { assertObject } from '../../util/arguments.ts'

/** The caller's own age keys. */
export interface CustomOptions {
  /** Seal. Where there are none, they are computed from the identities. */
  readonly recipients?: readonly AgeRecipient[]
  /** Open. May be left out beside another method, for a key that is not at hand when the backup is made. */
  readonly identities?: readonly AgeIdentity[]
}

/**
 * A backup that the app's own age keys open: a hardware token, a recovery key on paper, a key service.
 *
 * @throws {TypeError} if there is no key, or one is not an age key
 */
export function custom(options: CustomOptions): KeyedBackupMethod {
  const { recipients = [], identities = [] } = assertObject(options, 'custom')
  if (![recipients, identities].every((keys: unknown) => Array.isArray(keys))) {
    throw new TypeError('age keys must be lists')
  }
  if (recipients.length === 0 && identities.length === 0) throw new TypeError('a recipient or an identity is needed')
  for (const recipient of recipients) accept('recipient', () => new Encrypter().addRecipient(recipient))
  for (const identity of identities)
    accept('identity', () => new Decrypter().addIdentity(identity as string | CryptoKey | AgeIdentityCode))
  return createBackupMethod({
    name: 'CUSTOM',
    sealsOnly: identities.length === 0,
    async probe({ signal } = {}) {
      throwIfAborted(signal)
    },
    async recipients() {
      return recipients.length > 0 ? recipients : Promise.all(identities.map(toRecipient))
    },
    identities: async () => identities,
  })
}

function accept(what: string, add: () => void): void {
  try {
    add()
  } catch {
    // Without the cause: its message may repeat the key.
    throw new TypeError(`not an age ${what}`)
  }
}

function toRecipient(identity: AgeIdentity): Promise<string> {
  if (typeof identity === 'object' && 'unwrapFileKey' in identity) {
    throw new TypeError('an identity that is code needs its recipient beside it')
  }
  return identityToRecipient(identity as string | CryptoKey)
}
