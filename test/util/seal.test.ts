import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/util/bytes.ts'
import { createSealer, type SealContext } from '../../src/util/seal.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const key = random(32)
const place: SealContext = { purpose: 'share', clientId: 'ann', row: 'set 1' }
const secret = utf8('what is kept')

test('a sealed value opens where it was sealed, and is never the same twice', () => {
  const sealer = createSealer(key, random)
  const sealed = sealer.seal(place, secret)
  expect(sealer.open(place, sealed)).toEqual(secret)
  expect(createSealer(key.slice(), random).open(place, sealed)).toEqual(secret)
  expect(sealer.seal(place, secret)).not.toEqual(sealed)
  expect(sealed).toHaveLength(1 + 24 + secret.length + 16)
})

describe('it does not open', () => {
  const sealed = createSealer(key, random).seal(place, secret)
  test.each<[string, SealContext]>([
    ['for another purpose', { ...place, purpose: 'session' }],
    ['for another client', { ...place, clientId: 'bob' }],
    ['in another row', { ...place, row: 'set 2' }],
    ['with a byte moved from one field to the next', { ...place, clientId: 'ann5', row: 'et 1' }],
  ])('%s', (_, elsewhere) => {
    expect(() => createSealer(key, random).open(elsewhere, sealed)).toThrow(
      expect.objectContaining({ code: 'SHARE_PARSING_FAILED' }),
    )
  })

  test('under another key, or after any change', () => {
    expect(() => createSealer(random(32), random).open(place, sealed)).toThrow('does not open')
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice()
      changed[i]! ^= 1
      expect(() => createSealer(key, random).open(place, changed)).toThrow('does not open')
    }
    for (const length of [0, 1, 24, 25, 40, sealed.length - 1]) {
      expect(() => createSealer(key, random).open(place, sealed.slice(0, length))).toThrow('does not open')
    }
  })
})

test('a master key is 32 bytes, and a copy is kept', () => {
  expect(() => createSealer(new Uint8Array(31), random)).toThrow(RangeError)
  expect(() => createSealer('key' as never, random)).toThrow(TypeError)
  const own = key.slice()
  const sealer = createSealer(own, random)
  const sealed = sealer.seal(place, secret)
  own.fill(0)
  expect(sealer.open(place, sealed)).toEqual(secret)
})

test('a fingerprint tells bytes apart, and nothing to whoever has not the key', () => {
  const sealer = createSealer(key, random)
  expect(sealer.fingerprint(secret)).toEqual(createSealer(key.slice(), random).fingerprint(secret))
  expect(sealer.fingerprint(secret)).toHaveLength(32)
  expect(sealer.fingerprint(secret)).not.toEqual(sealer.fingerprint(utf8('what is kept too')))
  expect(sealer.fingerprint(secret)).not.toEqual(createSealer(random(32), random).fingerprint(secret))
})
