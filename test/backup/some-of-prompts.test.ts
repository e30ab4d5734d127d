import { Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import type { BackupKeys } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { MpcError } from '../../src/errors.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf } from './fixtures.ts'
import { createPad, editHeader } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)

/** Keys that are asked as passkeys are, and how often the user was. */
function passkeys(names: string) {
  const seen = { prompts: 0 }
  const keys = [...names].map((name): BackupKeys => {
    const pad = createPad(name, random)
    return { ...pad, name: 'PASSKEY', identities: (options) => (seen.prompts++, pad.identities(options)) }
  })
  return { seen, keys }
}

async function sealed() {
  const { seen, keys } = passkeys('abcd')
  const cipherText = await someOf(2, keys).seal(plaintext, { walletId })
  seen.prompts = 0
  return { seen, keys, cipherText }
}

describe('prompts for passkeys', () => {
  test('are as many as are needed, if the methods stand as they did, even if the first fails', async () => {
    const { seen, keys, cipherText } = await sealed()
    expect(await someOf(2, keys).open(cipherText, {})).toEqual(plaintext)
    expect(seen.prompts).toBe(2)
    seen.prompts = 0
    const refused: BackupKeys = {
      ...keys[0]!,
      async identities() {
        seen.prompts++
        throw new MpcError('STORAGE_UNAVAILABLE', 'the passkey was not used')
      },
    }
    expect(await someOf(2, [refused, ...keys.slice(1)]).open(cipherText, {})).toEqual(plaintext)
    expect(seen.prompts).toBe(3)
  })

  test('are a few in any other order', async () => {
    const { seen, keys, cipherText } = await sealed()
    expect(await someOf(2, [...keys].reverse()).open(cipherText, {})).toEqual(plaintext)
    expect(seen.prompts).toBeLessThanOrEqual(8)
    seen.prompts = 0
    expect(await someOf(2, keys.slice(2)).open(cipherText, {})).toEqual(plaintext)
    expect(seen.prompts).toBeLessThanOrEqual(8)
  })

  test('are at most four for one method, whatever the header says', async () => {
    expect(() => someOf(2, passkeys('abcde').keys)).toThrow(RangeError)
    const { seen, keys, cipherText } = await sealed()
    for (const count of [5, 16]) {
      const copies = ([a]: Stanza[]) =>
        Array.from({ length: count }, (_, i) => {
          const args = a!.args.map((arg, at) => (at === 3 ? `${count}` : at === 4 ? `${i + 1}` : arg))
          return new Stanza(args, a!.body)
        })
      const names = Array.from({ length: count }, () => 'PASSKEY').join()
      const edited = editHeader(cipherText, copies, `2(${names})`)
      expect(await codeOf(someOf(2, keys).open(edited, {}))).toBe('BACKUP_CORRUPT')
    }
    expect(seen.prompts).toBe(0)
  })
})
