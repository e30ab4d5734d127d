import { describe, expect, test } from 'vitest'
import { createEcdsaSigning } from '../../../../src/protocol/ecdsa/signing/sign.ts'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { numberToBytes, ORDER } from '../../../support/bigint-scalars.ts'
import { seededRandom } from '../../../support/random.ts'
import { generate } from '../../../support/sets.ts'
import { flip, type Packet, simulate } from '../../../support/simulator.ts'
import {
  backends,
  dealPairs,
  holders,
  ids,
  nobleAccepts,
  preprocessingSessions,
  randomDigest,
  signatures,
  signingSessions,
} from '../support.ts'
import { HELLO, EXTENSION, PRODUCT, OPENING, CORRECTION, V, GAMMA_X } from './layout.ts'
import { otStateOf, replaced, tampering, victimIn } from './tampering.ts'
import { expectAbort } from './expectations.ts'

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  const { group } = backend
  const victimOf = victimIn(backend)

  test.each([
    ['w', 5],
    ['u', 37],
  ])('a signature spoilt by another %s is not released', (_, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const { error, done } = victimOf(
      set,
      random,
      tampering(4, 64, (body) => flip(body, at)),
    )
    expect(done).toBeUndefined()
    expectAbort(error, 'SIG', { blame: [2], ban: false, round: 4 })
  })

  test.each([
    [1, HELLO],
    [1, EXTENSION],
    [2, PRODUCT],
    [3, OPENING],
    [3, CORRECTION],
    [4, 64],
  ])('a message of round %i of %i bytes has exactly that length', (round, length) => {
    const attack = (change: (body: Uint8Array) => Uint8Array) => {
      const random = seededRandom()
      const set = holders(backend, 2, 2, random)
      const victim = victimOf(set, random, tampering(round, length, change))
      expect(otStateOf(set).cheat).toBeUndefined()
      return victim
    }
    expectAbort(attack((body) => body.slice(0, -1)).error, 'FORMAT', { blame: [2], ban: false, round })
    const long = attack((body) => replaced(new Uint8Array(body.length + 1), 0, body))
    expect([long.error, long.done]).toEqual([undefined, undefined])
    expect(long.receipts).toContain('dropped')
  })

  test.each([
    ['a number of the matrix', 2, PRODUCT, 0],
    ['v', 2, PRODUCT, V],
    ['γ_k', 3, CORRECTION, 0],
    ['γ_x', 3, CORRECTION, GAMMA_X],
    ['w', 4, 64, 0],
    ['u', 4, 64, 32],
  ] as const)('%s that is not below the order is refused', (_, round, length, at) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const order = numberToBytes('secp256k1', ORDER.secp256k1)
    const { error } = victimOf(
      set,
      random,
      tampering(round, length, (body) => replaced(body, at, order)),
    )
    expectAbort(error, 'FORMAT', { blame: [2], ban: false, round })
  })

  // Row 29.
  test('messages of a preprocessing are not those of a signature', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [signer] = signingSessions(backend, set, randomDigest(random), random)
    const [, preprocessor] = preprocessingSessions(backend, set, random)
    const outcomes = simulate<unknown>([signer!, preprocessor!])
    expect(outcomes.map(({ receipts }) => receipts)).toEqual([['dropped'], ['dropped', 'dropped']])
    for (const { error } of outcomes) expect(error).toBeUndefined()
  })

  // Rows 17 and 31.
  test('junk, strays and messages of other sessions change nothing', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const strays: Uint8Array[] = []
    const collect = (packet: Packet): Packet[] => {
      if (packet.from === 2 && decodeEnvelope(packet.bytes).round > 1) strays.push(packet.bytes)
      return [packet]
    }
    signatures(signingSessions(backend, set, digest, random), { intercept: collect })
    const [signature] = signatures(signingSessions(backend, set, digest, random), {
      intercept: (packet) => {
        const junk = [random(40), flip(packet.bytes, 0), flip(packet.bytes, 1), ...strays]
        return [...junk.map((bytes) => ({ ...packet, bytes })), packet]
      },
    })
    expect(nobleAccepts(signature!, digest, group.encodePoint(set[0]!.share.record.publicKey))).toBe(true)
  })
})

test('what is signed is a digest of 32 bytes', async () => {
  const { digest32, hashMessage } = await import('../../../../src/protocol/ecdsa/signing/digest.ts')
  expect(() => digest32(new Uint8Array(31))).toThrow(RangeError)
  expect(() => digest32('00'.repeat(32) as never)).toThrow(TypeError)
  expect(() => hashMessage('text' as never, 'sha256')).toThrow(TypeError)
  expect(() => hashMessage(new Uint8Array(1), 'md5' as never)).toThrow(RangeError)
  expect(hashMessage(new Uint8Array(0), 'keccak256')[0]).toBe(0xc5)
  const random = seededRandom()
  const [wasm] = backends
  const [first] = dealPairs(generate(wasm!.backend.group, 2, 2, random), random)
  const options = { backend: wasm!.backend, ...first!, signers: ids(1, 2), random }
  expect(() => createEcdsaSigning({ ...options, digest: new Uint8Array(20) as never })).toThrow(RangeError)
})
