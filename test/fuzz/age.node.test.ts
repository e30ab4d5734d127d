import {
  armor,
  Decrypter,
  Encrypter,
  generateX25519Identity,
  identityToRecipient,
  type Recipient,
} from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeAge, readStanzas } from '../../src/backup/age-file.ts'
import { identityCode, recipientCode } from '../../src/backup/age-keys/text-age.ts'
import { decodeArmor, encodeArmor } from '../../src/backup/armor.ts'
import { hybrid } from '../../src/backup/post-quantum.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'

// Files of this package and of the age library (typage): what one writes the other reads, and what one refuses so does the
// other.

const RUNS = 300
const CHUNK = 65536
const FIRST = 'age-encryption.org/v1\n'

const [identity, stranger] = await Promise.all([generateX25519Identity(), generateX25519Identity()])
const pqIdentity = hybrid.generate()

const ours = {
  seal: (plaintext: Uint8Array, ...recipients: (string | Recipient)[]) =>
    codeAge.encrypt(
      plaintext,
      recipients.map((recipient) => recipientCode(recipient, hybrid)),
      undefined,
    ),
  open: (file: Uint8Array, ...identities: string[]) =>
    codeAge.decrypt(
      file,
      identities.map((each) => identityCode(each, hybrid)),
    ),
}

const library = {
  seal(plaintext: Uint8Array, ...recipients: (string | Recipient)[]) {
    const encrypter = new Encrypter()
    for (const recipient of recipients) encrypter.addRecipient(recipient)
    return encrypter.encrypt(plaintext)
  },
  open(file: Uint8Array, ...identities: string[]) {
    const decrypter = new Decrypter()
    for (const each of identities) decrypter.addIdentity(each)
    return decrypter.decrypt(file)
  },
}

const recipients = {
  x25519: await identityToRecipient(identity),
  stranger: await identityToRecipient(stranger),
  hybrid: await identityToRecipient(pqIdentity),
}

/** The plaintext, or that the file is refused. */
async function read(work: Promise<Uint8Array>): Promise<string> {
  return work.then(
    (bytes) => Buffer.from(bytes).toString('hex'),
    () => 'refused',
  )
}

const visible = fc.string({
  minLength: 1,
  maxLength: 70,
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
})
/** A stanza of a type that nobody knows. */
const grease = fc.record({
  args: fc.array(visible, { maxLength: 3 }).map((args) => ['test-grease', ...args]),
  body: fc.uint8Array({ maxLength: 200 }),
})
const stanzas = fc.array(grease, { maxLength: 4 })
const greasing = (added: readonly { args: string[]; body: Uint8Array }[]): Recipient => ({
  wrapFileKey: () => [...added],
})

describe('files with random stanzas', () => {
  test('are read by both, whoever wrote them, with the same stanzas', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), stanzas, stanzas, async (plaintext, before, after) => {
        const all = [greasing(before), recipients.stranger, recipients.x25519, greasing(after)]
        const files = await Promise.all([ours.seal(plaintext, ...all), library.seal(plaintext, ...all)])
        for (const file of files) {
          expect(await ours.open(file, identity)).toEqual(plaintext)
          expect(await library.open(file, stranger)).toEqual(plaintext)
          const found = readStanzas(file)
          expect(found.slice(0, before.length)).toEqual(before)
          expect(found.slice(found.length - after.length)).toEqual(after)
          expect(armor.decode(encodeArmor(file))).toEqual(file)
          expect(decodeArmor(armor.encode(file))).toEqual(file)
        }
      }),
      { numRuns: RUNS / 10 },
    )
  })

  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])(
    'of %i bytes for both kinds of keys',
    async (size) => {
      const plaintext = new Uint8Array(size).map((_, i) => (i * 7) ^ (i >> 8))
      for (const [recipient, own] of [
        [recipients.x25519, identity],
        [recipients.hybrid, pqIdentity],
      ] as const) {
        const [mine, theirs] = [await ours.seal(plaintext, recipient), await library.seal(plaintext, recipient)]
        expect(mine.length).toBe(theirs.length)
        expect(Buffer.compare(await library.open(mine, own), plaintext)).toBe(0)
        expect(Buffer.compare(await ours.open(theirs, own), plaintext)).toBe(0)
      }
    },
  )
})

describe('files that were changed', () => {
  test('at random bytes are read alike', async () => {
    const file = await library.seal(
      utf8('a short text'),
      greasing([{ args: ['a', 'b'], body: new Uint8Array(48) }]),
      recipients.x25519,
    )
    const edits = fc.array(
      fc.record({ at: fc.nat(file.length - 1), cut: fc.nat(2), put: fc.uint8Array({ maxLength: 2 }) }),
      { minLength: 1, maxLength: 3 },
    )
    await fc.assert(
      fc.asyncProperty(edits, async (all) => {
        let changed = file
        for (const { at, cut, put } of all) changed = concatBytes(changed.slice(0, at), put, changed.slice(at + cut))
        await sameReading(changed)
      }),
      { numRuns: RUNS },
    )
  })

  test('in their header are read alike', async () => {
    const file = await library.seal(
      utf8('a short text'),
      greasing([{ args: ['a', 'b'], body: new Uint8Array(50) }]),
      recipients.x25519,
    )
    const text = Buffer.from(file).toString('latin1')
    const headerEnd = text.indexOf('\n', text.indexOf('\n--- ') + 1) + 1
    const lines = text.slice(0, headerEnd - 1).split('\n')
    const line = fc.oneof(
      fc.constantFrom(
        '',
        ' ',
        '->',
        '-> ',
        '-> a',
        '-> a  b',
        '->  a',
        '-> a ',
        '---',
        '--- ',
        '-->',
        '\r',
        'AA',
        'AB',
        'AA==',
        FIRST.trim(),
      ),
      visible,
      fc.constantFrom(...lines),
      fc.constantFrom(...lines).map((each) => `${each}\r`),
      fc.constantFrom(...lines).map((each) => `${each}=`),
      fc.constantFrom(...lines).map((each) => each.slice(0, -1)),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64').replaceAll('=', '')),
    )
    const edit = fc.record({ at: fc.nat(lines.length), cut: fc.nat(2), put: fc.array(line, { maxLength: 3 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        const changed = [...lines]
        for (const { at, cut, put } of edits) changed.splice(at, cut, ...put)
        await sameReading(concatBytes(Buffer.from(`${changed.join('\n')}\n`, 'latin1'), file.slice(headerEnd)))
      }),
      { numRuns: RUNS },
    )
  })

  test('in their chunks are read alike', async () => {
    const sealed = await library.seal(new Uint8Array(2 * CHUNK), recipients.x25519)
    const header = sealed.length - 2 * (CHUNK + 16)
    const chunks = [sealed.slice(header, header + CHUNK + 16), sealed.slice(header + CHUNK + 16)]
    const [one, two] = chunks as [Uint8Array, Uint8Array]
    const head = sealed.slice(0, header)
    const payloads = [
      [],
      [one],
      [two],
      [two, one],
      [one, two, new Uint8Array(1)],
      [one, two, new Uint8Array(16)],
      [one, two, one],
      [one, two.slice(0, -1)],
      [one, two.slice(0, 16)],
      [one, new Uint8Array(16)],
      [one.slice(0, -1), two],
      [new Uint8Array(15)],
      [new Uint8Array(16)],
    ]
    for (const parts of payloads) expect(await sameReading(concatBytes(head, ...parts))).toBe('refused')
    expect(await sameReading(sealed)).not.toBe('refused')
  })
})

async function sameReading(file: Uint8Array): Promise<string> {
  const [mine, theirs] = [await read(ours.open(file, identity)), await read(library.open(file, identity))]
  expect(mine).toBe(theirs)
  return mine
}
