import { custom } from 'reshare/backup'
import { createPartReceiver, openPart, recipientFingerprint } from 'reshare/backup/some-of'
import type { GuardianKey, GuardianPart, GuardianRequest } from './configuration.ts'

/** Alice's friends. In an app each has a program of their own, on a machine of their own. */
const NAMES = ['Bob', 'Carol', 'Dave']

/** The guardians of the demo: each has a key that never leaves here, and opens one part of a backup when asked. */
export async function createGuardians() {
  const keys = await Promise.all(NAMES.map(async (name) => ({ name, ...(await createPartReceiver()) })))
  return {
    /** To whom backups are sealed. */
    list: (): GuardianKey[] => keys.map(({ name, recipient }) => ({ name, recipient })),

    /**
     * What a guardian does once Alice has called, and read the fingerprint of her new device to them.
     *
     * @throws {RangeError} for an unknown name, or if the fingerprint is not that of the recipient
     */
    async open({ name, cipherText, recipient, fingerprint, walletId }: GuardianRequest): Promise<GuardianPart> {
      const guardian = keys.find((key) => key.name === name)
      if (guardian === undefined) throw new RangeError(`There is no guardian ${name}.`)
      if (recipientFingerprint(recipient) !== fingerprint) throw new RangeError(`${name} sees another fingerprint.`)
      const method = custom({ identities: [guardian.identity] })
      const { text } = await openPart({ cipherText, method, recipient, walletId })
      return { text }
    },
  }
}
