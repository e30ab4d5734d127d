import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { codeAge } from '../../src/backup/age-file.ts'
import { identityCode, recipientCode } from '../../src/backup/age-keys/text-age.ts'
import { x25519 } from '../../src/backup/age-keys/x25519.ts'
import { decodeArmor, encodeArmor } from '../../src/backup/armor.ts'
import { custom, sealBackup } from '../../src/backup/index.ts'
import { encodeBackupRecord } from '../../src/key-share/backup-record.ts'
import { seededRandom } from '../support/random.ts'
import { record } from './fixtures.ts'

// The age program (Debian's package age), which .ci/run installs. Version 1.1.1 knows no hybrid keys.

const isInstalled = spawnSync('age', ['--version']).status === 0
const random = seededRandom()
const folder = mkdtempSync(join(tmpdir(), 'reshare-age-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function age(input: Uint8Array | string, ...options: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('age', options, { input, maxBuffer: 1 << 22 })
  if (status !== 0) throw new Error(String(stderr))
  return stdout
}

describe.skipIf(!isInstalled)('the age program', () => {
  const identity = x25519.generate()
  const path = join(folder, 'identity')
  writeFileSync(path, identity)

  test('derives the same recipient', async () => {
    const { stdout } = spawnSync('age-keygen', ['-y', path])
    expect(String(stdout).trim()).toBe(await x25519.toRecipient(identity))
  })

  test.each([0, 1, 65535, 65536, 65537, 131072, 200_000])(
    'reads and writes the same files, of %i bytes',
    async (size) => {
      const recipient = await x25519.toRecipient(identity)
      const plaintext = random(size)
      const sealed = await codeAge.encrypt(plaintext, [recipientCode(recipient)], undefined)
      for (const input of [sealed, encodeArmor(sealed)]) {
        expect(Buffer.compare(age(input, '-d', '-i', path), plaintext)).toBe(0)
      }
      const files = [age(plaintext, '-r', recipient), decodeArmor(String(age(plaintext, '-a', '-r', recipient)))]
      for (const file of files) {
        const opened = await codeAge.decrypt(new Uint8Array(file), [identityCode(identity)])
        expect(Buffer.compare(opened, plaintext)).toBe(0)
      }
    },
  )

  test('opens a whole backup', async () => {
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [custom({ identities: [identity] })] })
    expect(new Uint8Array(age(cipherText, '-d', '-i', path))).toEqual(encodeBackupRecord(original))
  })
})
