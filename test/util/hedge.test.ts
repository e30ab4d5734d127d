import { describe, expect, test } from 'vitest'
import { taggedHash } from '../../src/util/tagged-hash.ts'
import { concatBytes, toHex, utf8 } from '../../src/util/bytes.ts'
import { type Drawn, hedgedRandom } from '../../src/util/hedge.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { allTags } from '../../src/util/tags.ts'
import { seededRandom } from '../support/random.ts'

const secret = utf8('the secret')
const statement = utf8('the statement')

/** A source that gives the same bytes at every call. */
const stuck: RandomSource = (length) => new Uint8Array(length).fill(7)

describe('a hedged source', () => {
  test('is a tagged hash of fresh bytes, the secret, the draw and the statement, expanded by another', () => {
    const random = seededRandom()
    const entropy: Uint8Array[] = []
    const source = hedgedRandom(
      (length) => {
        const drawn = random(length)
        entropy.push(drawn.slice())
        return drawn
      },
      'dealing',
      secret,
      statement,
      [utf8('a'), utf8('b')],
      9,
    )
    for (const [n, length] of [70, 0, 32, 33, 1].entries()) {
      const drawn = source(length)
      const parts = [secret, n, statement, [utf8('a'), utf8('b')], 9]
      const key = taggedHash('reshare/v1/wallet/hedge/dealing', entropy[n] as Uint8Array, ...parts)
      const blocks = [0, 1, 2].map((block) => taggedHash('reshare/v1/wallet/hedge/stream', key, block))
      expect(drawn).toEqual(concatBytes(...blocks).slice(0, length))
    }
    expect(entropy.map(({ length }) => length)).toEqual([32, 32, 32, 32, 32])
  })

  test('does not repeat where its source does, for another use, secret, statement or draw', () => {
    const uses: Drawn[] = ['dealing', 'frost nonces']
    const drawn = uses.flatMap((use) =>
      [secret, utf8('another secret')].flatMap((key) =>
        [statement, utf8('another statement')].flatMap((about) => {
          const source = hedgedRandom(stuck, use, key, about)
          return [source(32), source(32)]
        }),
      ),
    )
    expect(new Set(drawn.map(toHex)).size).toBe(16)
  })

  test('repeats for the same, and is new wherever its source is', () => {
    const draw = (random: RandomSource) => toHex(hedgedRandom(random, 'dealing', secret, statement)(32))
    expect(draw(stuck)).toBe(draw(stuck))
    const random = seededRandom()
    expect(new Set(Array.from({ length: 5 }, () => draw(random))).size).toBe(5)
  })

  test('leaves no entropy behind, and does not touch the secret', () => {
    const entropy: Uint8Array[] = []
    const key = secret.slice()
    const source = hedgedRandom(
      (length) => {
        const bytes = new Uint8Array(length).fill(3)
        entropy.push(bytes)
        return bytes
      },
      'dealing',
      key,
    )
    source(48)
    expect(entropy).toEqual([new Uint8Array(32)])
    expect(key).toEqual(secret)
  })

  test('reads the secret at each draw', () => {
    const key = secret.slice()
    const source = hedgedRandom(stuck, 'dealing', key)
    source(32)
    key.fill(0)
    const zeros = hedgedRandom(stuck, 'dealing', key)
    zeros(32)
    expect(source(32)).toEqual(zeros(32))
  })

  test('has a tag of its own for each use', () => {
    expect(allTags().filter((tag) => tag.startsWith('reshare/v1/wallet/hedge/'))).toContain(
      'reshare/v1/wallet/hedge/stream',
    )
  })
})
