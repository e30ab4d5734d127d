import { armor, Decrypter, Encrypter, Stanza, type Identity } from 'age-encryption'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openBackup, password, sealBackup } from '../../src/backup/index.ts'
import { readHeader } from '../../src/backup/manifest.ts'
import { wrapFileKey } from '../../src/backup/age-keys/file-key.ts'
import { encodePasswordArguments } from '../../src/backup/methods/password-stanza.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, forge, record, TEST_COST } from './fixtures.ts'

const random = seededRandom()

afterEach(() => {
  vi.restoreAllMocks()
})

const argumentsOf = (cipherText: string) => readHeader(armor.decode(cipherText)).stanzas[0] ?? []

describe('password backup', () => {
  test('at its real cost: 64 MiB, three passes, which the file records', async () => {
    const original = record(random)
    const method = password('correct horse')
    const cipherText = await sealBackup({ record: original, methods: [method] })
    expect(argumentsOf(cipherText).slice(2)).toEqual(['m=65536,t=3,p=1'])
    const reports: number[] = []
    const onProgress = (fraction: number) => void reports.push(fraction)
    const opened = await openBackup({ cipherText, methods: [password('correct horse')], onProgress })
    expect(opened).toEqual(original)
    expect(reports).toEqual([...new Set(reports)].sort((a, b) => a - b))
    expect(reports.at(-1)).toBe(1)
    // Without the test option this is the only cost that may be read.
    expect(await codeOf(openBackup({ cipherText, methods: [password('wrong horse')] }))).toBe('WRONG_PASSWORD')
  })

  test('the same password in another Unicode form opens it; another case does not', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('Ångström ﬁ ½')] })
    await openBackup({ cipherText, methods: [cheap('A\u030angstro\u0308m fi 1⁄2')] })
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('ångström ﬁ ½')] }))).toBe('WRONG_PASSWORD')
  })

  test('each sealing has a salt of its own', async () => {
    const method = cheap('p')
    const salts = new Set<string | undefined>()
    for (let i = 0; i < 4; i++)
      salts.add(argumentsOf(await sealBackup({ record: record(random), methods: [method] }))[1])
    expect(salts.size).toBe(4)
  })

  test('asks for the password once, when it is first needed', async () => {
    const ask = vi.fn(async () => 'asked')
    const method = cheap(ask)
    expect(ask).not.toHaveBeenCalled()
    await method.probe()
    const cipherText = await sealBackup({ record: record(random), methods: [method] })
    await openBackup({ cipherText, methods: [method] })
    expect(ask).toHaveBeenCalledTimes(1)
  })

  test('does not ask where no password can open', async () => {
    const ask = vi.fn(async () => 'asked')
    const cipherText = await forge(
      ['CUSTOM'],
      () => [new Stanza(['other', 'stanza'], new Uint8Array(32))],
      record(random),
    )
    expect(await codeOf(openBackup({ cipherText, methods: [cheap(ask)] }))).toBe('DECRYPT_FAILED')
    expect(ask).not.toHaveBeenCalled()
  })

  test('an empty password is PASSWORD_REQUIRED, and may be asked for again', async () => {
    const original = record(random)
    expect(await codeOf(cheap('').probe())).toBe('PASSWORD_REQUIRED')
    expect(await codeOf(sealBackup({ record: original, methods: [cheap('')] }))).toBe('PASSWORD_REQUIRED')
    const answers = ['', 'second']
    const method = cheap(() => answers.shift() ?? 'too often')
    expect(await codeOf(method.probe())).toBe('PASSWORD_REQUIRED')
    const cipherText = await sealBackup({ record: original, methods: [method] })
    expect(await openBackup({ cipherText, methods: [cheap('second')] })).toEqual(original)
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('')] }))).toBe('PASSWORD_REQUIRED')
  })

  test('the failure of the question is the failure of the call', async () => {
    const method = cheap(() => Promise.reject(new Error('dialog closed')))
    await expect(method.probe()).rejects.toThrow('dialog closed')
    await expect(cheap(() => 7 as never).probe()).rejects.toThrow(TypeError)
    expect(() => password(undefined as never)).toThrow(TypeError)
  })

  test('any of several password stanzas opens: a password and a recovery code', async () => {
    const original = record(random)
    const methods = [cheap('password'), cheap('recovery code')]
    const cipherText = await sealBackup({ record: original, methods })
    for (const secret of ['password', 'recovery code']) {
      expect(await openBackup({ cipherText, methods: [cheap(secret)] })).toEqual(original)
    }
    expect(await openBackup({ cipherText, methods: [cheap('neither'), cheap('recovery code')] })).toEqual(original)
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('neither')] }))).toBe('WRONG_PASSWORD')
  })

  test('concurrent work with one method does not mix its keys', async () => {
    const method = cheap('p')
    const originals = Array.from({ length: 4 }, () => record(random))
    const sealed = await Promise.all(originals.map((original) => sealBackup({ record: original, methods: [method] })))
    const opened = await Promise.all(sealed.map((cipherText) => openBackup({ cipherText, methods: [method] })))
    expect(opened).toEqual(originals)
    for (const [i, cipherText] of sealed.entries()) {
      expect(await openBackup({ cipherText, methods: [cheap('p')] })).toEqual(originals[i])
    }
  })

  test('opens with age-encryption and the identity of the method', async () => {
    const original = record(random)
    const method = cheap('p')
    const file = armor.decode(await sealBackup({ record: original, methods: [method] }))
    const decrypter = new Decrypter()
    for (const identity of await cheap('p').identities({ stanzas: readHeader(file).stanzas }))
      decrypter.addIdentity(identity as Identity)
    expect((await decrypter.decrypt(file)).slice(-original.payload.length)).toEqual(original.payload)
  })

  test('a sealing at a test cost says so, and opens for tests only', async () => {
    const cipherText = await sealBackup({ record: record(random), methods: [cheap('p')] })
    expect(argumentsOf(cipherText).slice(2)).toEqual(['m=64,t=1,p=1', 'insecure-test-cost'])
    await expect(openBackup({ cipherText, methods: [password('p')] })).rejects.toMatchObject({
      code: 'BACKUP_CORRUPT',
      message: expect.stringContaining('test'),
    })
  })

  test('aborts before and during the derivation', async () => {
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [cheap('p')] })
    const signal = AbortSignal.abort()
    expect(await codeOf(cheap('p').probe({ signal }))).toBe('ABORTED')
    expect(await codeOf(sealBackup({ record: original, methods: [cheap('p')], signal }))).toBe('ABORTED')
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('p')], signal }))).toBe('ABORTED')
    for (const engine of ['wasm', 'portable'] as const) {
      const controller = new AbortController()
      const options = {
        methods: [cheap('p', { engine })],
        signal: controller.signal,
        onProgress: () => controller.abort(),
      }
      expect(await codeOf(sealBackup({ record: original, ...options }))).toBe('ABORTED')
    }
  })

  test('costs out of bounds are refused before anything is sealed', () => {
    const costs = [
      { memoryKiB: 65535, passes: 3 },
      { memoryKiB: 65536, passes: 2 },
      { memoryKiB: 262145, passes: 3 },
      { memoryKiB: 65536, passes: 9 },
      { memoryKiB: 65536.5, passes: 3 },
      { memoryKiB: Number.NaN, passes: 3 },
    ]
    for (const cost of costs) expect(() => password('p', { cost })).toThrow(RangeError)
    for (const insecureTestCost of [
      { memoryKiB: 7, passes: 1 },
      { memoryKiB: 8, passes: 0 },
    ]) {
      expect(() => password('p', { insecureTestCost })).toThrow(RangeError)
    }
    expect(() => password('p', { cost: { memoryKiB: 262144, passes: 8 } })).not.toThrow()
  })
})

describe('a password stanza that is not in order is BACKUP_CORRUPT, before any work is done', () => {
  const SALT = 'AAAAAAAAAAAAAAAAAAAAAA'
  const TYPE = 'reshare/v1/argon2id'
  const MARK = 'insecure-test-cost'
  const cases: Record<string, string[]> = {
    'less memory': [TYPE, SALT, 'm=65535,t=3,p=1'],
    'fewer passes': [TYPE, SALT, 'm=65536,t=2,p=1'],
    'a test cost without its mark': [TYPE, SALT, 'm=64,t=1,p=1'],
    'too much memory': [TYPE, SALT, 'm=262145,t=3,p=1'],
    'absurd memory': [TYPE, SALT, 'm=4294967295,t=3,p=1', MARK],
    'too many passes': [TYPE, SALT, 'm=65536,t=9,p=1'],
    'more lanes': [TYPE, SALT, 'm=65536,t=3,p=4'],
    'a leading zero': [TYPE, SALT, 'm=065536,t=3,p=1'],
    'a sign': [TYPE, SALT, 'm=65536,t=+3,p=1'],
    'less memory than one lane needs': [TYPE, SALT, 'm=7,t=1,p=1', MARK],
    'a short salt': [TYPE, SALT.slice(0, 20), 'm=65536,t=3,p=1'],
    'a salt with stray bits': [TYPE, `${SALT.slice(0, 21)}B`, 'm=65536,t=3,p=1'],
    'a salt that is not base64': [TYPE, `${SALT.slice(0, 21)}*`, 'm=65536,t=3,p=1'],
    'another argument': [TYPE, SALT, 'm=65536,t=3,p=1', 'more'],
    'an argument after the mark': [TYPE, SALT, 'm=64,t=1,p=1', MARK, 'more'],
    'no cost': [TYPE, SALT],
    nothing: [TYPE],
  }
  const ask = vi.fn(() => 'p')

  test.each(Object.entries(cases))('%s', async (_, args) => {
    const cipherText = await forge(['PASSWORD'], () => [new Stanza(args, new Uint8Array(32))], record(random))
    expect(await codeOf(openBackup({ cipherText, methods: [cheap(ask)] }))).toBe('BACKUP_CORRUPT')
    expect(ask).not.toHaveBeenCalled()
  })

  test.each([0, 16, 31, 33, 48])('a body of %i bytes', async (length) => {
    const args = [TYPE, SALT, 'm=64,t=1,p=1', MARK]
    const cipherText = await forge(['PASSWORD'], () => [new Stanza(args, new Uint8Array(length))], record(random))
    expect(await codeOf(openBackup({ cipherText, methods: [cheap(ask)] }))).toBe('BACKUP_CORRUPT')
    expect(ask).not.toHaveBeenCalled()
  })

  test('more stanzas than a reader should work through', async () => {
    const stanza = (fileKey: Uint8Array) => ({
      args: encodePasswordArguments({ salt: random(16), cost: TEST_COST, test: true }),
      body: wrapFileKey(random(32), fileKey),
    })
    const sealed = (count: number) =>
      forge(['PASSWORD'], (fileKey) => Array.from({ length: count }, () => stanza(fileKey)), record(random))
    expect(await codeOf(openBackup({ cipherText: await sealed(5), methods: [cheap(ask)] }))).toBe('BACKUP_CORRUPT')
    expect(ask).not.toHaveBeenCalled()
    expect(await codeOf(openBackup({ cipherText: await sealed(4), methods: [cheap(() => 'p')] }))).toBe(
      'WRONG_PASSWORD',
    )
  })

  test('an ordinary age file is not a backup', async () => {
    const encrypter = new Encrypter()
    for (const recipient of await cheap('p').recipients({ walletId: '00'.repeat(16) }))
      encrypter.addRecipient(recipient)
    const cipherText = armor.encode(await encrypter.encrypt('text'))
    expect(await codeOf(openBackup({ cipherText, methods: [cheap('p')] }))).toBe('BACKUP_CORRUPT')
  })
})
