import { describe, test } from 'vitest'
import { cloudKeyConformance } from '../../../src/backup/conformance.ts'
import { googleDrive } from '../../../src/backup/google-drive/index.ts'

const token = process.env['RESHARE_DRIVE_TOKEN'] ?? ''

/** Against Google itself: an access token of a test account, with the scope drive.appdata. All handles share its folder. */
const live = () => googleDrive({ getToken: () => token })

if (token === '') {
  test.skip('Google Drive itself: RESHARE_DRIVE_TOKEN has no access token', () => {})
} else {
  describe('Google Drive itself', () => {
    for (const { name, run } of cloudKeyConformance(live)) test(name, run, 300_000)
  })
}
