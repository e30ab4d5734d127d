import { armor, Decrypter, identityToRecipient, Stanza, type Identity, type Recipient } from 'age-encryption'
import { describe, expect, test, vi } from 'vitest'
import {
  backupMethodsOf,
  cloudKey,
  custom,
  memoryCloudKey,
  openBackup,
  sealBackup,
  type BackupKeys,
} from '../../src/backup/index.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { encodeBackupRecord } from '../../src/key-share/backup-record.ts'
import { MpcError } from '../../src/errors.ts'
import { concatBytes } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, counting, forge, generateUsableX25519Identity, record } from './fixtures.ts'

const random = seededRandom()

const changed = (file: Uint8Array, at: number, bits = 1) => {
  const copy = file.slice()
  copy[at] = (copy[at] as number) ^ bits
  return copy
}

describe('a damaged backup', () => {
  test('is BACKUP_CORRUPT wherever a bit is flipped, with the right password and before it is asked for', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    const file = armor.decode(cipherText)
    const macEnds = new TextDecoder('latin1').decode(file).indexOf('\n--- ') + 5 + 43
    for (let at = 0; at < file.length; at++) {
      const method = counting(cheap('p'))
      const work = openBackup({ cipherText: armor.encode(changed(file, at, 1 << (at % 8))), methods: [method] })
      expect(await codeOf(work), `byte ${at}`).toBe('BACKUP_CORRUPT')
      // Only the MAC itself is outside the checksum: damage there shows once the password has opened the file key.
      const inMac = at >= macEnds - 43 && at < macEnds
      if (!inMac) expect(method.asked, `byte ${at}`).toBe(0)
    }
  })

  test('is BACKUP_CORRUPT wherever it is cut off, in the middle or in its armour', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    const file = armor.decode(cipherText)
    for (let length = 0; length < file.length; length += 13) {
      const work = openBackup({ cipherText: armor.encode(file.subarray(0, length)), methods: [cheap('p')] })
      expect(await codeOf(work), `${length} bytes`).toBe('BACKUP_CORRUPT')
    }
    for (let length = 0; length < cipherText.length - 1; length += 29) {
      const work = openBackup({ cipherText: cipherText.slice(0, length), methods: [cheap('p')] })
      expect(await codeOf(work), `${length} characters`).toBe('BACKUP_CORRUPT')
    }
  })

  test('is BACKUP_CORRUPT if it is longer, empty, something else, or absurdly long', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    const file = armor.decode(cipherText)
    for (const wrong of [
      armor.encode(concatBytes(file, new Uint8Array(1))),
      `${cipherText}${cipherText}`,
      '',
      'not a backup',
      cipherText.replace('AGE', 'AGED'),
      'A'.repeat((1 << 20) + 1),
    ]) {
      expect(await codeOf(openBackup({ cipherText: wrong, methods: [cheap('p')] }))).toBe('BACKUP_CORRUPT')
      expect(() => backupMethodsOf(wrong)).toThrow(MpcError)
    }
    await expect(openBackup({ cipherText: 7 as never, methods: [cheap('p')] })).rejects.toThrow(TypeError)
  })

  test('is BACKUP_CORRUPT if what opens is not a record', async () => {
    const keyHolder: Recipient & Identity = {
      wrapFileKey: (fileKey) => [new Stanza(['test', 'clear'], fileKey.slice())],
      unwrapFileKey: (stanzas) => stanzas.find(({ args }) => args[0] === 'test')?.body ?? null,
    }
    const method = custom({ recipients: [keyHolder], identities: [keyHolder] })
    const bytes = encodeBackupRecord(record(random))
    const wrap = (fileKey: Uint8Array) => keyHolder.wrapFileKey(fileKey)
    const good = await forge(['CUSTOM'], wrap, bytes)
    await openBackup({ cipherText: good, methods: [method] })
    for (const content of [bytes.slice(1), concatBytes(bytes, new Uint8Array(1)), new Uint8Array(0)]) {
      const cipherText = await forge(['CUSTOM'], wrap, content)
      expect(await codeOf(openBackup({ cipherText, methods: [method] }))).toBe('BACKUP_CORRUPT')
    }
  })

  test('survives what mail and forms do to text', async () => {
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [cheap('p')] })
    const mangled = `\n  ${cipherText.replaceAll('\n', '\r\n')}\r\n `
    expect(await openBackup({ cipherText: mangled, methods: [cheap('p')] })).toEqual(original)
  })
})

describe('a backup that opens, or does not', () => {
  test('of another wallet is BACKUP_OTHER_WALLET, and only after it opened', async () => {
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [cheap('p')] })
    const { walletId } = original
    const other = record(random).walletId
    expect(await openBackup({ cipherText, methods: [cheap('p')], walletId })).toEqual(original)
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('p')], walletId: other }))).toBe('BACKUP_OTHER_WALLET')
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('x')], walletId: other }))).toBe('WRONG_PASSWORD')
  })

  test('for another wallet by a method of the app’s asks no further method', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    const refuses = { ...cheap('p'), identities: () => Promise.reject(new MpcError('BACKUP_OTHER_WALLET', 'another')) }
    expect(await codeOf(openBackup({ cipherText, methods: [refuses, cheap('p')] }))).toBe('BACKUP_OTHER_WALLET')
  })

  test('each of several methods opens alone; strangers do not', async () => {
    const original = record(random)
    const [drive, icloud] = [memoryCloudKey(), memoryCloudKey()]
    const paper = await generateUsableX25519Identity()
    const makers: (() => BackupKeys)[] = [
      () => cheap('p'),
      () => cloudKey({ provider: 'GDRIVE', storage: drive }),
      () => cloudKey({ provider: 'ICLOUD', storage: icloud }),
      () => custom({ identities: [paper] }),
    ]
    const cipherText = await sealBackup({ record: original, methods: makers.map((make) => make()) })
    expect(backupMethodsOf(cipherText)).toEqual(['PASSWORD', 'GDRIVE', 'ICLOUD', 'CUSTOM'])
    for (const make of makers) expect(await openBackup({ cipherText, methods: [make()] })).toEqual(original)

    const strangers: [string, BackupKeys][] = [
      ['WRONG_PASSWORD', cheap('x')],
      ['DECRYPT_FAILED', cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })],
      ['DECRYPT_FAILED', cloudKey({ provider: 'ICLOUD', storage: drive })],
      ['DECRYPT_FAILED', custom({ identities: [await generateUsableX25519Identity()] })],
      ['DECRYPT_FAILED', custom({ identities: [hybrid.generate()], kind: hybrid })],
    ]
    for (const [code, stranger] of strangers) {
      expect(await codeOf(openBackup({ cipherText, methods: [stranger] }))).toBe(code)
      expect(await openBackup({ cipherText, methods: [stranger, custom({ identities: [paper] })] })).toEqual(original)
    }
  })

  test('without a fitting method: DECRYPT_FAILED names what would open, PASSWORD_REQUIRED where it is only a password', async () => {
    const both = [cheap('p'), cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })]
    const cipherText = await sealBackup({ record: record(random), methods: both })
    const missing = cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })
    await expect(openBackup({ cipherText, methods: [missing] })).rejects.toMatchObject({
      code: 'DECRYPT_FAILED',
      message: expect.stringMatching(/PASSWORD or GDRIVE.*\(GDRIVE\)/),
    })
    expect(await codeOf(openBackup({ cipherText, methods: [] }))).toBe('DECRYPT_FAILED')
    const locked = await sealBackup({ record: record(random), methods: [cheap('p')] })
    expect(await codeOf(openBackup({ cipherText: locked, methods: [missing] }))).toBe('PASSWORD_REQUIRED')
    expect(await codeOf(openBackup({ cipherText: locked, methods: [] }))).toBe('PASSWORD_REQUIRED')
  })

  test('a place of keys that is down leaves the other methods their chance', async () => {
    const original = record(random)
    const storage = memoryCloudKey()
    const drive = cloudKey({ provider: 'GDRIVE', storage })
    const cipherText = await sealBackup({ record: original, methods: [drive, cheap('p')] })
    vi.spyOn(storage, 'read').mockRejectedValue(new Error('offline'))
    expect(await codeOf(openBackup({ cipherText, methods: [drive] }))).toBe('STORAGE_UNAVAILABLE')
    expect(await openBackup({ cipherText, methods: [drive, cheap('p')] })).toEqual(original)
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('x'), drive] }))).toBe('WRONG_PASSWORD')
  })

  test('stops asking once aborted', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    const controller = new AbortController()
    const first: BackupKeys = {
      ...custom({ identities: [await generateUsableX25519Identity()] }),
      identities: async () => {
        controller.abort()
        return []
      },
    }
    const second = counting(cheap('p'))
    const work = openBackup({ cipherText, methods: [first, second], signal: controller.signal })
    expect(await codeOf(work)).toBe('ABORTED')
    expect(second.asked).toBe(0)
    // Not hidden by what an earlier method said.
    const aborting: BackupKeys = {
      ...cheap('p'),
      identities: () => Promise.reject(new MpcError('ABORTED', 'by the user')),
    }
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('x'), aborting] }))).toBe('ABORTED')
  })
})

describe('sealing', () => {
  test('progress of both directions grows from method to method and ends at 1', async () => {
    const original = record(random)
    const methods = [cheap('p', { engine: 'portable' }), cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() })]
    const reports: number[] = []
    const onProgress = (fraction: number) => void reports.push(fraction)
    const cipherText = await sealBackup({ record: original, methods, onProgress })
    const sealing = reports.splice(0)
    // From one method to the next, if not in between: a fast machine needs one slice of time for each.
    expect(sealing.length).toBeGreaterThan(2)
    for (const run of [sealing, await opening()]) {
      expect(run).toEqual([...new Set(run)].sort((a, b) => a - b))
      expect(run.at(-1)).toBe(1)
      expect(run.length).toBeGreaterThan(1)
    }
    async function opening() {
      await openBackup({ cipherText, methods: [cheap('p', { engine: 'portable' })], onProgress })
      return reports.splice(0)
    }
  })

  test('an age tool opens a backup for an age key', async () => {
    const original = record(random)
    for (const identity of [await generateUsableX25519Identity(), hybrid.generate()]) {
      const cipherText = await sealBackup({
        record: original,
        methods: [custom({ identities: [identity], kind: hybrid })],
      })
      const decrypter = new Decrypter()
      decrypter.addIdentity(identity)
      expect(await decrypter.decrypt(armor.decode(cipherText))).toEqual(encodeBackupRecord(original))
    }
  })

  test('an age tool opens it beside methods that it does not know', async () => {
    const identity = await generateUsableX25519Identity()
    const original = record(random)
    const methods = [
      cheap('p'),
      cloudKey({ provider: 'ICLOUD', storage: memoryCloudKey() }),
      custom({ identities: [identity] }),
    ]
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const file = armor.decode(await sealBackup({ record: original, methods }))
    expect(await decrypter.decrypt(file)).toEqual(encodeBackupRecord(original))
    // The header's MAC was made anew for the checksum; age itself must find a changed one.
    const at = new TextDecoder('latin1').decode(file).indexOf('\n--- ') + 10
    await expect(decrypter.decrypt(changed(file, at))).rejects.toThrow()
  })

  test('gives nothing away that a method cannot open', async () => {
    const [right, wrong] = [await generateUsableX25519Identity(), await generateUsableX25519Identity()]
    const broken = custom({ recipients: [await identityToRecipient(right)], identities: [wrong] })
    expect(await codeOf(sealBackup({ record: record(random), methods: [cheap('p'), broken] }))).toBe('DECRYPT_FAILED')
  })

  test('passes over methods that only seal, but needs one that opens', async () => {
    const offline = await generateUsableX25519Identity()
    const original = record(random)
    const sealer = custom({ recipients: [await identityToRecipient(offline)] })
    const cipherText = await sealBackup({ record: original, methods: [cheap('p'), sealer] })
    expect(await openBackup({ cipherText, methods: [custom({ identities: [offline] })] })).toEqual(original)
    await expect(sealBackup({ record: original, methods: [sealer] })).rejects.toThrow(TypeError)
    await expect(sealBackup({ record: original, methods: [] })).rejects.toThrow(TypeError)
  })

  test('refuses a method without recipients, and a record that is none', async () => {
    const mute: BackupKeys = { ...cheap('p'), recipients: async () => [] }
    await expect(sealBackup({ record: record(random), methods: [mute] })).rejects.toThrow(TypeError)
    const wrong = record(random, { walletId: 'xx' })
    await expect(sealBackup({ record: wrong, methods: [cheap('p')] })).rejects.toThrow(TypeError)
  })

  test('shows nothing of what is in it', async () => {
    const original = record(random, { payload: new TextEncoder().encode('a share that must not be seen') })
    const file = armor.decode(await sealBackup({ record: original, methods: [cheap('secret password')] }))
    const text = new TextDecoder('latin1').decode(file)
    for (const secret of ['must not be seen', 'secret password', original.walletId, original.setId]) {
      expect(text).not.toContain(secret)
    }
  })
})
