import { describe, expect, test, vi } from 'vitest'
import { concatBytes } from '../../src/util/bytes.ts'
import { Writer } from '../../src/util/codec.ts'
import { hedgedRandom } from '../../src/util/hedge.ts'
import { createSealer } from '../../src/util/seal.ts'
import { tag } from '../../src/util/tags.ts'
import { taggedHash } from '../../src/util/tagged-hash.ts'
import { allocationsOf } from '../support/allocations.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const secret = random(24)

describe('a writer', () => {
  test.each([10, 240, 300, 3000])('keeps nothing of what it wrote before %i other bytes', async (others) => {
    const written: Uint8Array[] = []
    const allocations = await allocationsOf(() => {
      written.push(new Writer().bytes(secret).bytes(new Uint8Array(others)).finish())
    })
    // A buffer that was too small has been given up, full of it, unless it was wiped.
    expect(allocations.holding(secret)).toEqual(written)
  })

  test('leaves nothing for the next thing that it writes', () => {
    const writer = new Writer()
    writer.bytes(secret).finish()
    expect(writer.bytes(new Uint8Array(0)).u8(0).finish()).toEqual(new Uint8Array(1))
  })
})

describe('a tagged hash', () => {
  const TAG = tag('ed25519', 'keygen', 'pok')

  test.each([
    ['one short part', (hash: typeof taggedHash) => hash(TAG, secret)],
    ['a part that waits, and is not waited for', (hash: typeof taggedHash) => hash(TAG, secret, new Uint8Array(1010))],
    [
      'a part anywhere in the last block',
      (hash: typeof taggedHash) => Array.from({ length: 64 }, (_, at) => hash(TAG, new Uint8Array(at), secret)).at(-1),
    ],
    ['many parts', (hash: typeof taggedHash) => hash(TAG, new Uint8Array(1000), secret, [secret, secret])],
    [
      'a part after which another one fails',
      (hash: typeof taggedHash) => void expect(() => hash(TAG, secret, undefined as never)).toThrow(TypeError),
    ],
  ])('of %s keeps none of it', async (_, run) => {
    const result: unknown[] = []
    const allocations = await allocationsOf(async () => {
      // What it gathers parts in is made when the module is.
      vi.resetModules()
      const { taggedHash: fresh } = await import('../../src/util/tagged-hash.ts')
      result.push(run(fresh))
    })
    expect(allocations.made.some(({ length }) => length === 1024)).toBe(true)
    for (const part of [secret.slice(0, 8), secret.slice(-8)]) expect(allocations.holding(part)).toEqual([])
    // The hash itself may be a secret too.
    const [hash] = result
    if (hash !== undefined) expect(allocations.holding(hash as Uint8Array)).toEqual([hash])
  })
})

test('a hedged source leaves neither entropy nor key nor the blocks of its stream', async () => {
  const entropy = random(32)
  const about = random(8)
  const key = taggedHash(tag('wallet', 'hedge', 'dealing'), entropy, secret, 0, about)
  const blocks = [0, 1, 2].map((block) => taggedHash(tag('wallet', 'hedge', 'stream'), key, block))
  const out: Uint8Array[] = []
  const allocations = await allocationsOf(() => {
    out.push(hedgedRandom(() => entropy.slice(), 'dealing', secret, about)(80))
  })
  expect(out[0]).toEqual(concatBytes(...blocks).slice(0, 80))
  for (const bytes of [entropy, key, secret]) expect(allocations.holding(bytes)).toEqual([])
  for (const block of blocks.slice(0, 2)) expect(allocations.holding(block)).toEqual(out)
})

test('values that a sealer seals do not share a nonce, where its random source repeats', () => {
  const place = { purpose: 'share', clientId: 'ann', row: 'set 1' } as const
  const sealer = createSealer(random(32), () => new Uint8Array(32))
  const nonceOf = (value: Uint8Array, row = 'set 1') => sealer.seal({ ...place, row }, value).slice(1, 25)
  const nonces = [nonceOf(secret), nonceOf(random(24)), nonceOf(secret, 'set 2')].map((nonce) => nonce.join())
  expect(new Set(nonces).size).toBe(3)
  expect(nonceOf(secret).join()).toBe(nonces[0])
})
