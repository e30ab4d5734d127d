import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyOf, backupChoicesOf, custom, password } from '../../src/backup/index.ts'
import {
  createPartReceiver,
  guardianPart,
  openPart,
  recipientFingerprint,
  someOf,
  type PartReceiver,
} from '../../src/backup/some-of/index.ts'
import { backupWallet, createClient, findWallets, generateWallet, recoverWallet } from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { subsets } from '../backup/some-of-fixtures.ts'
import { codeOf } from '../backup/fixtures.ts'
import { signsForBothKeys } from '../support/e2e.ts'
import { databaseKinds } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

let database: Database
let deployment: Deployment
beforeAll(async () => {
  database = await databaseKinds[0]!.open()
  deployment = await deploy(database)
})
afterAll(async () => {
  await deployment.close()
  await database.close()
})

/** A user whose devices come and go. */
async function user(clientId: string) {
  const transport = await deployment.transportFor(clientId)
  return (label: string) => createClient({ transport, storage: memoryStore(), label })
}

/** What a guardian does who is asked for a part, on a machine of their own. */
async function isAsked(
  identity: string,
  request: { cipherText: string; recipient: string; fingerprint: string; walletId: string },
): Promise<string> {
  const { cipherText, recipient, fingerprint, walletId } = request
  // Read by the user, on the phone.
  if (recipientFingerprint(recipient) !== fingerprint) throw new Error('somebody has exchanged the recipient')
  return (await openPart({ cipherText, method: custom({ identities: [identity] }), recipient, walletId })).text
}

test('two of three guardians recover a wallet, whichever they are', { timeout: 120_000 }, async () => {
  const device = await user('ann')
  const phone = device('phone')
  const { id: walletId, publicKeys } = await generateWallet(phone)
  const guardians = await Promise.all([1, 2, 3].map(() => generateX25519Identity()))
  const recipients = await Promise.all(guardians.map((identity) => identityToRecipient(identity)))
  const method = someOf(
    2,
    recipients.map((recipient) => custom({ recipients: [recipient] })),
  )
  const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
  expect(backupChoicesOf(cipherText)).toEqual([{ needed: 2, methods: ['CUSTOM', 'CUSTOM', 'CUSTOM'] }])

  const askGuardians = ({ recipient }: PartReceiver, asked: readonly string[]) => {
    const request = { cipherText, recipient, fingerprint: recipientFingerprint(recipient), walletId }
    return Promise.all(asked.map((identity) => isAsked(identity, request)))
  }
  // The rehearsal, which proves each guardian's key.
  for (const guardian of guardians) {
    const receiver = await createPartReceiver()
    const [text] = await askGuardians(receiver, [guardian])
    const proof = someOf(2, [guardianPart(text!, receiver)])
    await expect(proof.open(cipherText, { walletId })).rejects.toMatchObject({
      opened: [guardians.indexOf(guardian) + 1],
    })
  }
  await confirm()
  const found = await findWallets(device('found'))
  expect(found.map(({ id, backups }) => [id, backups.map(({ method: name }) => name)])).toEqual([
    [walletId, ['CUSTOM']],
  ])

  for (const two of subsets(guardians, 2)) {
    const laptop = device('laptop')
    const receiver = await createPartReceiver()
    const parts = (await askGuardians(receiver, two)).map((text) => guardianPart(text, receiver))
    for (const part of parts) {
      const alone = recoverWallet(laptop, { cipherText, method: someOf(2, [part]), existingSets: 'keep' })
      expect(await codeOf(alone)).toBe('BACKUP_PARTS_MISSING')
    }
    await recoverWallet(laptop, { cipherText, method: someOf(2, parts), walletId, existingSets: 'keep' })
    await signsForBothKeys(laptop, walletId, publicKeys, utf8('by two guardians'))
  }
})

test(
  'a password and a guardian replace the backup that they open, or the cloud alone does',
  { timeout: 120_000 },
  async () => {
    const device = await user('bob')
    const phone = device('phone')
    const { id: walletId, publicKeys } = await generateWallet(phone)
    const [guardian, paper] = await Promise.all([generateX25519Identity(), generateX25519Identity()])
    const secret = () => password('correct horse', { insecureTestCost: { memoryKiB: 8, passes: 1 } })
    const both = () => someOf(2, [secret(), custom({ identities: [guardian] })])
    const method = anyOf(custom({ identities: [paper] }), both())
    const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
    await confirm()

    const wrong = someOf(2, [
      password('wrong', { insecureTestCost: { memoryKiB: 8, passes: 1 } }),
      custom({ identities: [guardian] }),
    ])
    const refused = recoverWallet(device('refused'), { cipherText, method: wrong, existingSets: 'keep' })
    await expect(refused).rejects.toMatchObject({ opened: [2], failures: [{ error: { code: 'WRONG_PASSWORD' } }] })

    const laptop = device('laptop')
    const recovery = { cipherText, method: both(), existingSets: 'keep' } as const
    // How many of which methods, the app must say: those at hand to open may be fewer than those that sealed.
    await expect(recoverWallet(laptop, { ...recovery, rotateBackup: true })).rejects.toThrow(TypeError)
    const { backup } = await recoverWallet(laptop, { ...recovery, rotateBackup: both() })
    await backup!.confirm()
    expect(backupChoicesOf(backup!.cipherText)).toEqual([{ needed: 2, methods: ['PASSWORD', 'CUSTOM'] }])
    const old = recoverWallet(device('late'), {
      cipherText,
      method: custom({ identities: [paper] }),
      existingSets: 'keep',
    })
    expect(await codeOf(old)).toBe('BACKUP_SUPERSEDED')
    const tablet = device('tablet')
    await recoverWallet(tablet, { cipherText: backup!.cipherText, method: both(), existingSets: 'keep' })
    for (const client of [laptop, tablet]) await signsForBothKeys(client, walletId, publicKeys, utf8('by both'))
  },
)
