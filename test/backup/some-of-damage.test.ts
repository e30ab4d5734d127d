import { Stanza } from 'age-encryption'
import { describe, expect, test, vi } from 'vitest'
import type { custom } from '../../src/backup/index.ts'
import {
  anyOf,
  cloudKey,
  memoryCloudKey,
  openBackup,
  type BackupChoice,
  type BackupKeys,
} from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import { encodePartArguments } from '../../src/backup/some-of/part-stanza.ts'
import { commitToShare, encodePartRecord } from '../../src/backup/some-of/part-record.ts'
import { decodeArmor } from '../../src/backup/armor.ts'
import { MpcError } from '../../src/errors.ts'
import { toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, counting, forge } from './fixtures.ts'
import { copyOf, createGuardians, createPad, stanzasOf, subsets } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)

/** Three keys, and a 2-of-3 backup for them. */
async function createBackup() {
  const keys = ['a', 'b', 'c'].map((name) => createPad(name, random))
  return { keys, cipherText: await someOf(2, keys).seal(plaintext, { walletId }) }
}

const THREE: readonly BackupChoice[] = [{ needed: 2, methods: ['CUSTOM', 'CUSTOM', 'CUSTOM'] }]

/** A 2-of-3 file whose sealer, who knows its key, has changed the stanzas: checksum and MAC are in order. */
async function forged(
  keys: readonly BackupKeys[],
  edit: (stanzas: Stanza[]) => Stanza[] | Promise<Stanza[]>,
  choices: readonly BackupChoice[] = THREE,
) {
  const wrap = async (fileKey: Uint8Array) => {
    const [recipient] = await someOf(2, keys).recipients({ walletId })
    if (typeof recipient !== 'object') throw new Error('not code')
    return edit((await recipient.wrapFileKey(fileKey)).map(copyOf))
  }
  return forge(choices, wrap, plaintext)
}

const changed = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('a damaged part', () => {
  test('is named, and passed over if enough others open', async () => {
    const { keys } = await createBackup()
    for (const which of [0, 1, 2]) {
      for (const at of [0, 30, 60, 150, 250, -40, -1]) {
        const cipherText = await forged(keys, (stanzas) => {
          const { args, body } = stanzas[which]!
          stanzas[which] = new Stanza(args, changed(body, at < 0 ? body.length + at : at))
          return stanzas
        })
        expect(await someOf(2, keys).open(cipherText, { walletId })).toEqual(plaintext)
        const [good, other] = [0, 1, 2].filter((i) => i !== which) as [number, number]
        expect(await someOf(2, [keys[good]!, keys[other]!]).open(cipherText, {})).toEqual(plaintext)
        await expect(someOf(2, [keys[which]!, keys[good]!]).open(cipherText, {})).rejects.toMatchObject({
          code: 'BACKUP_PARTS_MISSING',
          needed: 2,
          opened: [good + 1],
          failures: [{ position: 0, method: 'CUSTOM', parts: [which + 1], error: { code: 'BACKUP_CORRUPT' } }],
          message: expect.stringMatching(`CUSTOM \\(part ${which + 1}\\): BACKUP_CORRUPT`),
        })
      }
    }
  })

  test('in the file of everybody else is damage to the file', async () => {
    const { keys, cipherText } = await createBackup()
    const file = decodeArmor(cipherText)
    for (let at = 0; at < file.length; at += 7) {
      const damaged = cipherText.split('\n')
      const line = 1 + Math.floor(((at / 3) | 0) / 16)
      damaged[line] = flipCharacter(damaged[line] as string, at % 64)
      expect(await codeOf(someOf(2, keys).open(damaged.join('\n'), {}))).toBe('BACKUP_CORRUPT')
    }
  })

  test.each([
    ['another share', { share: new Uint8Array(16).fill(9) }],
    ['another wallet', { walletId: 'ab'.repeat(16) }],
  ])('that holds %s is named', async (_, change) => {
    const { keys } = await createBackup()
    const cipherText = await forged(keys, async (stanzas) => {
      stanzas[1] = await partWith(stanzas[1]!, keys[1]!, 2, change)
      return stanzas
    })
    expect(await someOf(2, keys).open(cipherText, {})).toEqual(plaintext)
    await expect(someOf(2, [keys[0]!, keys[1]!]).open(cipherText, {})).rejects.toMatchObject({
      opened: [1],
      failures: [{ position: 1, parts: [2], error: { code: 'BACKUP_CORRUPT' } }],
    })
  })

  test('and a commitment that goes with it do not open the file', async () => {
    const { keys } = await createBackup()
    const cipherText = await forged(keys, async (stanzas) => {
      stanzas[1] = await partWith(stanzas[1]!, keys[1]!, 2, { share: new Uint8Array(16).fill(9) }, true)
      return stanzas
    })
    for (const some of subsets(keys, 2)) {
      expect(await codeOf(someOf(2, some).open(cipherText, {}))).toBe('BACKUP_CORRUPT')
    }
  })

  test('that is for more than its method, or would cost more than one derivation, is not tried', async () => {
    const { keys } = await createBackup()
    const another = anyOf(keys[0]!, cheap('p'))
    const forBoth = await forged(keys, async (stanzas) => {
      const sealed = await another.seal(random(66), { walletId })
      return [new Stanza(stanzas[0]!.args, decodeArmor(sealed)), ...stanzas.slice(1)]
    })
    const asked = counting(keys[0]!)
    await expect(someOf(2, [asked, keys[1]!]).open(forBoth, {})).rejects.toMatchObject({
      opened: [2],
      failures: [
        { parts: [1], error: { code: 'BACKUP_CORRUPT', message: expect.stringContaining('not for its method') } },
      ],
    })
    // With the parts of others.
    expect(asked.asked).toBe(2)

    const secret = vi.fn(() => 'p')
    const withPassword = [cheap('p'), keys[1]!, keys[2]!]
    const twice = async (fileKey: Uint8Array) => {
      const stanzas: Stanza[] = []
      for (const method of [cheap('p'), cheap('q')]) {
        const [recipient] = await method.recipients({ walletId })
        if (typeof recipient === 'object') stanzas.push(...(await recipient.wrapFileKey(fileKey)))
      }
      return stanzas
    }
    const file = decodeArmor(await forge(['PASSWORD'], twice, random(66)))
    const choices = [{ needed: 2, methods: ['PASSWORD', 'CUSTOM', 'CUSTOM'] as const }]
    const costly = await forged(withPassword, ([first, ...rest]) => [new Stanza(first!.args, file), ...rest], choices)
    await expect(someOf(2, [cheap(secret), keys[1]!]).open(costly, {})).rejects.toMatchObject({
      opened: [2],
      failures: [{ method: 'PASSWORD', parts: [1], error: { code: 'BACKUP_CORRUPT' } }],
    })
    expect(secret).not.toHaveBeenCalled()
  })

  test('is what the last manifest says, not one before it', async () => {
    const { keys } = await createBackup()
    const manifest = new Stanza(['reshare/v1/manifest', '3(CUSTOM,CUSTOM,CUSTOM)', 'A'.repeat(43)], new Uint8Array(0))
    const cipherText = await forged(keys, (stanzas) => [manifest, ...stanzas])
    expect(await someOf(2, keys.slice(1)).open(cipherText, {})).toEqual(plaintext)
  })

  test('of another backup of the same guardians does not count', async () => {
    const { keys, cipherText: other } = await createBackup()
    const foreign = stanzasOf(other)
    const cipherText = await forged(keys, (stanzas) => {
      // The arguments stay: what opens is a part of the other one.
      stanzas[0] = new Stanza(stanzas[0]!.args, foreign[0]!.body)
      return stanzas
    })
    await expect(someOf(2, [keys[0]!, keys[2]!]).open(cipherText, {})).rejects.toMatchObject({
      opened: [3],
      failures: [{ parts: [1], error: { code: 'BACKUP_CORRUPT', message: expect.stringContaining('another backup') } }],
    })
    // Nor in the place of another part of its own backup.
    const swapped = await forged(keys, (stanzas) => [
      new Stanza(stanzas[0]!.args, stanzas[1]!.body),
      new Stanza(stanzas[1]!.args, stanzas[0]!.body),
      stanzas[2]!,
    ])
    await expect(someOf(2, keys).open(swapped, {})).rejects.toMatchObject({ opened: [3] })
  })
})

describe('a wrong key', () => {
  test('of one part is told by its own code', async () => {
    const storage = memoryCloudKey()
    const drive = () => cloudKey({ provider: 'GDRIVE', storage })
    const [guardian, stranger] = await createGuardians(2)
    const cipherText = await someOf(2, [cheap('p'), drive(), guardian!.opens()]).seal(plaintext, { walletId })
    const cases: [BackupKeys, string, number[]][] = [
      [cheap('x'), 'WRONG_PASSWORD', [1]],
      [cheap(''), 'PASSWORD_REQUIRED', [1]],
      [cloudKey({ provider: 'GDRIVE', storage: memoryCloudKey() }), 'DECRYPT_FAILED', [2]],
      [cloudKey({ provider: 'GDRIVE', storage: broken(storage) }), 'STORAGE_UNAVAILABLE', [2]],
      [cloudKey({ provider: 'ICLOUD', storage }), 'DECRYPT_FAILED', []],
      [stranger!.opens(), 'DECRYPT_FAILED', [3]],
      [throwing(new Error('no token in the slot')), 'DECRYPT_FAILED', [3]],
      [throwing(new TypeError('a bug')), 'DECRYPT_FAILED', [3]],
      [throwing(new MpcError('TIMEOUT', 'key service')), 'TIMEOUT', [3]],
      [throwing(new MpcError('ABORTED', 'by its user')), 'ABORTED', [3]],
    ]
    for (const [method, code, parts] of cases) {
      const good = method.name === 'GDRIVE' ? guardian!.opens() : drive()
      const error = await someOf(2, [good, method])
        .open(cipherText, {})
        .catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'BACKUP_PARTS_MISSING',
        opened: [good.name === 'CUSTOM' ? 3 : 2],
        failures: [{ position: 1, method: method.name, parts, error: { code } }],
        retryable: code === 'STORAGE_UNAVAILABLE' || code === 'TIMEOUT',
        message: expect.stringContaining(`needs 2 of its parts, and 1 opened; ${method.name}`),
      })
      // Two others are enough.
      const others = [drive(), cheap('p'), guardian!.opens()].filter(({ name }) => name !== method.name)
      expect(await someOf(2, [method, ...others]).open(cipherText, {})).toEqual(plaintext)
    }
  })

  test('leaves an older or plain backup to its own error', async () => {
    const plain = await cheap('p').seal(plaintext, { walletId })
    const method = someOf(
      2,
      (await createGuardians(2)).map(({ opens }) => opens()),
    )
    expect(await codeOf(method.open(plain, {}))).toBe('PASSWORD_REQUIRED')
    expect(await codeOf(openBackup({ cipherText: plain, methods: [method] }))).toBe('PASSWORD_REQUIRED')
  })
})

/** The stanza of a part with another content, sealed to the same key. */
async function partWith(
  { args }: Stanza,
  method: BackupKeys,
  index: number,
  change: object,
  commits = false,
): Promise<Stanza> {
  const id = Uint8Array.from(atob(`${args[1]!}==`), (character) => character.charCodeAt(0))
  const group = { id, needed: 2, total: 3 }
  const record = { walletId, group, index, share: new Uint8Array(16), ...change }
  const sealed = await (method as ReturnType<typeof custom>).seal(encodePartRecord(record), { walletId })
  const commitment = commits ? commitToShare(record) : undefined
  const part = commitment && encodePartArguments({ ...record, method: 'CUSTOM', commitment })
  return new Stanza(part ?? args, decodeArmor(sealed))
}

function flipCharacter(line: string, at: number): string {
  const index = Math.min(at, Math.max(0, line.length - 3))
  return line.slice(0, index) + (line[index] === 'A' ? 'B' : 'A') + line.slice(index + 1)
}

function broken<T extends object>(storage: T): T & { read(): Promise<never> } {
  return { ...storage, read: () => Promise.reject(new Error('offline')) }
}

function throwing(error: Error): BackupKeys {
  return { name: 'CUSTOM', probe: async () => {}, recipients: async () => [], identities: () => Promise.reject(error) }
}
