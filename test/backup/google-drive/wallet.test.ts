import { expect, test } from 'vitest'
import { cloudKey } from '../../../src/backup/index.ts'
import { atRequest, driveError } from '../../../src/emulators/index.ts'
import { backupWallet, createFrostClient, generateWallet, recoverWallet, sign } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { memoryServer } from '../../client/support/memory-server.ts'
import { seededRandom } from '../../support/random.ts'
import { deviceOf, stoppedDrive } from './support/device.ts'

test('a wallet whose backup key is in Google Drive is recovered on another device of the account', async () => {
  const drive = stoppedDrive()
  drive.account('alice').lag = { byFolder: { listings: 1 } }
  const transport = memoryServer(seededRandom())
  const device = (account: string) => ({
    client: createFrostClient({ transport, storage: memoryStore(), repeats: false }),
    method: cloudKey({ provider: 'GDRIVE', storage: deviceOf(drive, account) }),
  })

  const phone = device('alice')
  await phone.method.probe()
  const { id: walletId, publicKeys } = await generateWallet(phone.client)
  drive.setFaults(atRequest(3, { type: 'disconnect', carriedOut: true }))
  const { cipherText, confirm } = await backupWallet(phone.client, { walletId, method: phone.method })
  await confirm()
  drive.setFaults(atRequest(1, driveError('userRateLimitExceeded')))
  expect(drive.account('alice').files).toHaveLength(1)

  const laptop = device('alice')
  const recovered = await recoverWallet(laptop.client, { cipherText, method: laptop.method, existingSets: 'retire' })
  expect(recovered.publicKeys).toEqual(publicKeys)
  const message = new Uint8Array(32)
  expect((await sign(laptop.client, { walletId, scheme: 'ed25519', message })).signature).toHaveLength(64)

  const thief = device('mallory')
  const refused = recoverWallet(thief.client, { cipherText, method: thief.method, existingSets: 'keep' })
  await expect(refused).rejects.toMatchObject({ code: 'DECRYPT_FAILED' })
})

test('a backup stops with the code of what Drive says, and another one succeeds', async () => {
  const drive = stoppedDrive()
  const client = createFrostClient({ transport: memoryServer(seededRandom()), storage: memoryStore(), repeats: false })
  const method = cloudKey({ provider: 'GDRIVE', storage: deviceOf(drive) })
  const { id: walletId } = await generateWallet(client)
  drive.account('alice').quotaBytes = 0
  await expect(backupWallet(client, { walletId, method })).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  drive.account('alice').quotaBytes = 15e9
  const { cipherText } = await backupWallet(client, { walletId, method })
  expect(cipherText).toContain('AGE ENCRYPTED FILE')
})
