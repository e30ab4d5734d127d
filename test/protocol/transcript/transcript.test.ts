import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { tag } from '../../../src/protocol/transcript/tags.ts'
import { allTags } from '../../../src/util/tags.ts'
import { createHasher, scalarFromHash } from '../../../src/protocol/transcript/transcript.ts'
import { taggedHash } from '../../../src/util/tagged-hash.ts'
import { concatBytes, utf8 } from '../../../src/util/bytes.ts'
import { groups } from '../../support/groups.ts'

const TAG = tag('ed25519', 'keygen', 'pok')

describe('tags', () => {
  test('name suite, protocol and label', () => {
    expect(TAG).toBe('reshare/v1/ed25519/keygen/pok')
    expect(allTags()).toContain(TAG)
  })

  test('are all different', () => {
    expect(new Set(allTags()).size).toBe(allTags().length)
  })
})

describe('taggedHash', () => {
  const u32 = (value: number) => Uint8Array.of(0, 0, 0, value)

  test('is SHA-256 over the doubled tag hash and length-prefixed parts', () => {
    const prefix = sha256(utf8(TAG))
    const expected = sha256(
      concatBytes(prefix, prefix, u32(2), utf8('ab'), u32(4), u32(9), u32(2), u32(1), utf8('c'), u32(0)),
    )
    expect(taggedHash(TAG, utf8('ab'), 9, [utf8('c'), utf8('')])).toEqual(expected)
  })

  test('is the same function of parts of any length, and of many', () => {
    const prefix = sha256(utf8(TAG))
    const u32be = (value: number) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
    const field = (bytes: Uint8Array) => concatBytes(u32be(bytes.length), bytes)
    for (const length of [0, 1, 55, 56, 64, 1015, 1016, 1017, 1020, 1021, 1024, 1025, 5000]) {
      const part = Uint8Array.from({ length }, (_, i) => i)
      const wanted = sha256(concatBytes(prefix, prefix, field(utf8('ab')), field(part), field(part), field(u32be(7))))
      expect(taggedHash(TAG, utf8('ab'), part, part, 7), `${length} bytes`).toEqual(wanted)
    }
    const many = Array.from({ length: 300 }, (_, i) => utf8(String(i)))
    const wanted = sha256(concatBytes(prefix, prefix, u32be(300), ...many.map(field)))
    expect(taggedHash(TAG, many)).toEqual(wanted)
  })

  test('is not disturbed by parts that cannot be hashed', () => {
    const once = taggedHash(TAG, utf8('a'))
    expect(() => taggedHash(TAG, utf8('b'), undefined as never)).toThrow(TypeError)
    expect(taggedHash(TAG, utf8('a'))).toEqual(once)
  })

  test('takes nothing of a hash that is not finished', () => {
    const part = utf8('part')
    const wanted = taggedHash(TAG, part)
    const digests: Uint8Array[] = []
    const list = [utf8('first'), utf8('second')]
    const interrupted = Object.assign([], {
      *[Symbol.iterator]() {
        yield list[0]!
        digests.push(taggedHash(TAG, part))
      },
    }) as Uint8Array[]
    taggedHash(TAG, interrupted)
    expect(digests).toEqual([wanted])
    expect(taggedHash(TAG, part)).toEqual(wanted)
  })

  test('gives the same again after other parts', () => {
    const once = taggedHash(TAG, utf8('a'))
    taggedHash(TAG, utf8('b'))
    expect(taggedHash(TAG, utf8('a'))).toEqual(once)
  })

  // Attack 18: the same bytes with a border moved are another statement.
  test.each([
    ['a byte moved between parts', [utf8('ab'), utf8('c')], [utf8('a'), utf8('bc')]],
    ['a part joined', [utf8('a'), utf8('b')], [utf8('ab')]],
    ['an empty part', [utf8('a')], [utf8('a'), utf8('')]],
    ['a byte moved between items', [[utf8('ab'), utf8('c')]], [[utf8('a'), utf8('bc')]]],
    ['an item moved between lists', [[utf8('a'), utf8('b')], [utf8('c')]], [[utf8('a')], [utf8('b'), utf8('c')]]],
  ])('differs for %s', (_, left, right) => {
    expect(taggedHash(TAG, ...left)).not.toEqual(taggedHash(TAG, ...right))
  })

  test('differs by tag', () => {
    const others = allTags().map((other) => taggedHash(other, utf8('a')).join())
    expect(new Set(others).size).toBe(others.length)
  })
})

describe.each(groups)('scalarFromHash on $name', ({ group }) => {
  test('reduces two expanded blocks', () => {
    const hash = createHasher(group.curve, 'keygen')
    const seed = hash('pok', utf8('seed'))
    const wide = concatBytes(hash('expand', seed, 0), hash('expand', seed, 1)).slice(0, group.wideLength)
    expect(scalarFromHash(group, hash, seed)).toEqual(group.reduce(wide))
  })
})
