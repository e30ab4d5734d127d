import { Stanza } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backupChoicesOf, type BackupKeys } from '../../src/backup/index.ts'
import { someOf } from '../../src/backup/some-of/index.ts'
import type { MpcError } from '../../src/errors.ts'
import { toHex } from '../../src/util/bytes.ts'
import { runs } from '../fuzz/support/mutate.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, counting } from './fixtures.ts'
import { createPad, editHeader, stanzasOf } from './some-of-fixtures.ts'

const random = seededRandom()
const walletId = toHex(random(16))
const plaintext = random(200)

/** Three keys, and a 2-of-3 backup for them. */
async function createBackup() {
  const keys = ['a', 'b', 'c'].map((name) => createPad(name, random))
  return { keys, cipherText: await someOf(2, keys).seal(plaintext, { walletId }) }
}

describe('a header that somebody has changed', () => {
  const EDITS: Record<string, (stanzas: Stanza[]) => Stanza[]> = {
    'k is 1': (all) => all.map(withArgument(2, '1')),
    'k is 0': (all) => all.map(withArgument(2, '0')),
    'k is 3': (all) => all.map(withArgument(2, '3')),
    'n is 2': (all) => all.map(withArgument(3, '2')),
    'n is 4': (all) => all.map(withArgument(3, '4')),
    'a part is gone': (all) => all.slice(1),
    'a part is gone, and n says so': ([a, b]) => [a!, b!].map(withArgument(3, '2')),
    'the last part is gone': (all) => all.slice(0, -1),
    'one part is left': (all) => all.slice(0, 1),
    'all parts are gone': () => [],
    'a part is there twice': ([a, b, c]) => [a!, b!, c!, c!],
    'a part is in the place of another': ([a, b]) => [a!, b!, b!],
    'the parts are in another order': ([a, b, c]) => [b!, a!, c!],
    'two parts have changed numbers': ([a, b, c]) => [withArgument(4, '2')(a!), withArgument(4, '1')(b!), c!],
    'a number has a zero before it': ([a, b, c]) => [withArgument(4, '01')(a!), b!, c!],
    'a part has another group': ([a, b, c]) => [withArgument(1, 'A'.repeat(22))(a!), b!, c!],
    'all have another group': (all) => all.map(withArgument(1, 'A'.repeat(22))),
    'the group is too short': (all) => all.map(withArgument(1, 'AAAA')),
    'a method has another name': ([a, b, c]) => [withArgument(5, 'PASSWORD')(a!), b!, c!],
    'a commitment is another': ([a, b, c]) => [withArgument(6, 'A'.repeat(43))(a!), b!, c!],
    'a commitment is too short': ([a, b, c]) => [withArgument(6, 'AAAA')(a!), b!, c!],
    'commitments have changed parts': ([a, b, c]) => [
      withArgument(6, b!.args[6]!)(a!),
      withArgument(6, a!.args[6]!)(b!),
      c!,
    ],
    'a part has an argument more': ([a, b, c]) => [new Stanza([...a!.args, 'x'], a!.body), b!, c!],
    'a part has no arguments': ([a, b, c]) => [new Stanza(['reshare/v1/part'], a!.body), b!, c!],
    'a part is empty': ([a, b, c]) => [new Stanza(a!.args, new Uint8Array(0)), b!, c!],
    'a part has a part in it': ([a, b, c]) => [new Stanza(a!.args, b!.body), b!, c!],
    'a second group stands beside it': (all) => [...all, ...all.map(withArgument(1, 'A'.repeat(22)))],
    'a stanza of another kind is added': (all) => [...all, new Stanza(['X25519', 'A'.repeat(43)], random(32))],
    'a manifest of k = 1 stands before it': (all) => [
      new Stanza(['reshare/v1/manifest', 'CUSTOM', 'A'.repeat(43)], new Uint8Array(0)),
      ...all,
    ],
  }

  /** What cannot be seen before parts are open. */
  const SEEN_LATE = [
    'all parts are gone',
    'all have another group',
    'a commitment is another',
    'commitments have changed parts',
    'a part is empty',
    'a part has a part in it',
    'a stanza of another kind is added',
    'a manifest of k = 1 stands before it',
  ]

  test.each(Object.entries(EDITS))('opens nothing: %s', async (name, edit) => {
    const { keys, cipherText } = await createBackup()
    for (const choices of [undefined, '2(CUSTOM,CUSTOM)', '2(CUSTOM,CUSTOM,CUSTOM,CUSTOM)', 'CUSTOM']) {
      const edited = editHeader(cipherText, edit, choices)
      for (const some of [keys, keys.slice(0, 2), keys.slice(1), keys.slice(0, 1)]) {
        const asked = some.map(counting)
        const code = await codeOf(someOf(2, asked).open(edited, {}))
        if (SEEN_LATE.includes(name)) {
          // Without its parts, or with a damaged one among too few, it says so.
          expect(['BACKUP_CORRUPT', 'DECRYPT_FAILED', 'BACKUP_PARTS_MISSING']).toContain(code)
        } else if (choices === undefined) {
          expect([code, ...asked.map((key) => key.asked)]).toEqual(['BACKUP_CORRUPT', ...some.map(() => 0)])
        } else expect(['BACKUP_CORRUPT', 'BACKUP_PARTS_MISSING']).toContain(code)
      }
    }
    const unedited = editHeader(cipherText, (all) => all)
    expect(await someOf(2, keys).open(unedited, {})).toEqual(plaintext)
  })

  test('has no room for five passwords', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'].map((name): BackupKeys => createPad(name, random))
    const cipherText = await someOf(2, keys).seal(plaintext, { walletId })
    for (const passwords of [4, 5]) {
      const names = keys.map((_, i) => (i < passwords ? 'PASSWORD' : 'CUSTOM'))
      const rename = (all: Stanza[]) => all.map((stanza, i) => withArgument(5, names[i]!)(stanza))
      const asked = keys.slice(0, 2).map((key) => counting({ ...key, name: 'PASSWORD' }))
      const code = await codeOf(someOf(2, asked).open(editHeader(cipherText, rename, `2(${names.join()})`), {}))
      // Four are asked for, but their parts are for something else.
      expect(code).toBe(passwords === 4 ? 'BACKUP_PARTS_MISSING' : 'BACKUP_CORRUPT')
    }
  })

  test.each([
    ['1(CUSTOM,CUSTOM,CUSTOM)', true],
    ['0(CUSTOM,CUSTOM,CUSTOM)', true],
    ['02(CUSTOM,CUSTOM,CUSTOM)', true],
    ['4(CUSTOM,CUSTOM,CUSTOM)', true],
    ['2(CUSTOM)', true],
    ['2(CUSTOM,CUSTOM,NOBODY)', true],
    ['2(CUSTOM,CUSTOM,CUSTOM),2(CUSTOM,CUSTOM,CUSTOM)', true],
    ['2(CUSTOM,CUSTOM,CUSTOM),3(CUSTOM,CUSTOM,CUSTOM)', true],
    ['2(CUSTOM,CUSTOM,CUSTOM),CUSTOM,CUSTOM', true],
    [`2(${Array.from({ length: 17 }, () => 'CUSTOM').join()})`, true],
    ['2(CUSTOM,CUSTOM,CUSTOM', true],
    ['2CUSTOM', true],
    ['2(2(CUSTOM,CUSTOM),CUSTOM)', true],
    // They could be, in another file.
    ['2(CUSTOM,CUSTOM,PASSWORD)', false],
    ['2(CUSTOM,CUSTOM)', false],
    ['3(CUSTOM,CUSTOM,CUSTOM)', false],
    ['CUSTOM', false],
    ['CUSTOM,2(CUSTOM,CUSTOM)', false],
  ])('opens nothing by a manifest of %s', async (choices, isMalformed) => {
    const { keys, cipherText } = await createBackup()
    const edited = editHeader(cipherText, (all) => all, choices)
    if (isMalformed) expect(() => backupChoicesOf(edited)).toThrow(expect.objectContaining({ code: 'BACKUP_CORRUPT' }))
    else expect(backupChoicesOf(edited).length).toBeGreaterThan(0)
    const asked = keys.map(counting)
    expect(await codeOf(someOf(2, asked).open(edited, {}))).toBe('BACKUP_CORRUPT')
    expect(asked.map((key) => key.asked)).toEqual([0, 0, 0])
  })

  test('opens as what was sealed or not at all, whatever is changed in its stanzas', async () => {
    const { keys, cipherText } = await createBackup()
    const other = stanzasOf((await createBackup()).cipherText)
    const stanzas = stanzasOf(cipherText)
    const stanza = fc.oneof(
      fc.constantFrom(...stanzas),
      fc.constantFrom(...other),
      fc
        .tuple(fc.constantFrom(...stanzas), fc.nat(6), fc.constantFrom('1', '2', '3', '4', 'CUSTOM', 'PASSWORD', '*'))
        .map(([one, at, text]) => withArgument(at, text)(one)),
      fc.tuple(fc.constantFrom(...stanzas), fc.nat(400), fc.integer({ min: 1, max: 255 })).map(
        ([{ args, body }, at, bits]) =>
          new Stanza(
            args,
            body.map((byte, i) => (i === at ? byte ^ bits : byte)),
          ),
      ),
    )
    const choices = fc.option(
      fc.constantFrom('2(CUSTOM,CUSTOM)', '3(CUSTOM,CUSTOM,CUSTOM)', 'CUSTOM,2(CUSTOM,CUSTOM,CUSTOM)'),
      {
        nil: undefined,
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(stanza, { maxLength: 5 }), choices, async (header, named) => {
        const edited = editHeader(cipherText, () => header, named)
        const isSame = edited === cipherText
        try {
          expect(await someOf(2, keys).open(edited, {})).toEqual(plaintext)
          expect(isSame).toBe(true)
        } catch (error) {
          expect(['BACKUP_CORRUPT', 'DECRYPT_FAILED', 'BACKUP_PARTS_MISSING']).toContain((error as MpcError).code)
        }
      }),
      runs(400),
    )
  })
})

function withArgument(at: number, text: string): (stanza: Stanza) => Stanza {
  return ({ args, body }) =>
    new Stanza(
      args.map((arg, i) => (i === at ? text : arg)),
      body,
    )
}
