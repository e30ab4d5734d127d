import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, test } from 'vitest'
import { allTags, tag } from '../../src/protocol/tags.ts'
import { createHasher, scalarFromHash, taggedHash } from '../../src/protocol/transcript.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import { groups } from '../support/groups.ts'

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
