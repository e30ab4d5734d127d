import { Decrypter, Encrypter } from 'age-encryption'
import { throwIfAborted } from './failures.ts'
import type { AgeFiles, AgeIdentityCode } from './types.ts'
import { EPHEMERAL_KEY_ATTEMPTS, isRefusedKey } from './methods/x25519.ts'

/** Reads and writes age files for every kind of age key. */
export const libraryAge: AgeFiles = {
  async encrypt(plaintext, recipients, signal) {
    const encrypter = new Encrypter()
    for (const recipient of recipients) encrypter.addRecipient(recipient)
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal)
      try {
        return await encrypter.encrypt(plaintext)
      } catch (error) {
        if (!isRefusedKey(error) || attempt === EPHEMERAL_KEY_ATTEMPTS) throw error
      }
    }
  },

  decrypt(file, identities) {
    const decrypter = new Decrypter()
    for (const identity of identities) decrypter.addIdentity(identity as string | CryptoKey | AgeIdentityCode)
    return decrypter.decrypt(file)
  },
}
