import fc from 'fast-check'
import { expect, test } from 'vitest'
import { armor } from 'age-encryption'
import { backupMethodsOf, openBackup, sealBackup } from '../../src/backup/index.ts'
import { MpcError } from '../../src/errors.ts'
import { cheap, record } from '../backup/fixtures.ts'
import { seededRandom } from '../support/random.ts'
import { hostile, runs } from './support/mutate.ts'

const CODES = ['BACKUP_CORRUPT', 'WRONG_PASSWORD', 'DECRYPT_FAILED']

test('a cipherText from hostile bytes opens as what was sealed, or is refused with a code', async () => {
  const original = record(seededRandom())
  const methods = [cheap('correct horse')]
  const cipherText = await sealBackup({ record: original, methods })
  const text = (bytes: Uint8Array) => String.fromCharCode(...bytes)
  const texts = fc.oneof(
    fc.string({ maxLength: 300 }),
    hostile(armor.decode(cipherText)).map(armor.encode),
    hostile(Uint8Array.from(cipherText, (character) => character.charCodeAt(0))).map(text),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (given) => {
      const wrong = (error: unknown) => {
        expect(error).toBeInstanceOf(MpcError)
        expect(CODES).toContain((error as MpcError).code)
      }
      try {
        expect(backupMethodsOf(given)).toEqual(['PASSWORD'])
      } catch (error) {
        wrong(error)
      }
      try {
        expect(await openBackup({ cipherText: given, methods })).toEqual(original)
      } catch (error) {
        wrong(error)
      }
    }),
    runs(150),
  )
})
