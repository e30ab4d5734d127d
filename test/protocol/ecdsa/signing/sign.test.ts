import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../../../src/curve/group.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import { digest32 } from '../../../../src/protocol/ecdsa/signing/digest.ts'
import {
  createEcdsaSigning,
  type EcdsaSigningOptions,
  restoreEcdsaSigning,
} from '../../../../src/protocol/ecdsa/signing/sign.ts'
import { encodeSignature } from '../../../../src/protocol/ecdsa/signing/signature.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { numberToBytes, ORDER } from '../../../support/bigint-scalars.ts'
import { seededRandom } from '../../../support/random.ts'
import { keyOf as combinedKey } from '../../../support/sets.ts'
import { type Packet, simulate } from '../../../support/simulator.ts'
import {
  backends,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  randomDigest,
  signatures,
  signingSessions,
} from '../support.ts'

const N = ORDER.secp256k1

describe.each(backends)('threshold ECDSA on $name', ({ name, backend }) => {
  const { group } = backend
  const keyOf = ({ share }: Holder): Uint8Array => group.encodePoint(share.record.publicKey)

  test.each([
    { threshold: 2, count: 2, signers: [1, 2] },
    { threshold: 2, count: 3, signers: [1, 2] },
    { threshold: 2, count: 3, signers: [1, 3] },
    { threshold: 2, count: 3, signers: [2, 3] },
    { threshold: 2, count: 3, signers: [1, 2, 3] },
    { threshold: 3, count: 5, signers: [1, 3, 5] },
    { threshold: 3, count: 5, signers: [2, 3, 4] },
  ])('$threshold of $count sign as $signers, in any order of delivery', ({ threshold, count, signers }) => {
    const random = seededRandom()
    const set = holders(backend, threshold, count, random)
    const present = signers.map((id) => set[id - 1] as Holder)
    const digest = randomDigest(random)
    const sessions = signingSessions(backend, present, digest, random)
    const all = signatures(sessions, { shuffled: random, copies: 2 })
    const [first] = all
    for (const signature of all) expect(signature).toEqual(first)
    expect(nobleAccepts(first!, digest, keyOf(set[0]!))).toBe(true)
  })

  test.each([
    ['zero', 0n],
    ['the order less one', N - 1n],
    ['the order', N],
    ['2^256 − 1', (1n << 256n) - 1n],
  ])('a digest of %s is signed', (_, value) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = digest32(numberToBytes('secp256k1', value))
    const [signature] = signatures(signingSessions(backend, set, digest, random))
    expect(nobleAccepts(signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('only the aggregator learns the signature, in two pairs of request and response', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const [aggregator] = ids(1)
    const [client, server] = signingSessions(backend, set, digest, random, () => ({ aggregator }))
    const rounds = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).round)
    const lengths = (out: readonly Uint8Array[]) => out.map((bytes) => decodeEnvelope(bytes).body.length)

    const request = client!.start().out
    expect([rounds(request), lengths(request)]).toEqual([
      [1, 1],
      [160, 16_432],
    ])
    for (const bytes of request) server!.receive(bytes)
    const response = server!.advance().out
    expect([rounds(response), lengths(response)]).toEqual([
      [1, 1, 2],
      [160, 16_432, 73_792],
    ])

    for (const bytes of response) client!.receive(bytes)
    const secondRequest = client!.advance().out
    expect([rounds(secondRequest), lengths(secondRequest)]).toEqual([
      [2, 3, 3],
      [73_792, 65, 130],
    ])
    for (const bytes of secondRequest) server!.receive(bytes)
    const last = server!.advance()
    expect([rounds(last.out), lengths(last.out)]).toEqual([
      [3, 3, 4],
      [65, 130, 64],
    ])
    expect(last.done).toEqual({})

    for (const bytes of last.out) client!.receive(bytes)
    const { out, done } = client!.advance()
    expect(out).toEqual([])
    expect(nobleAccepts(done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('signs for a derived key, whose tweak all signers add', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random).slice(1)
    const digest = randomDigest(random)
    const tweak = group.randomScalar(random)
    const derivation = { path: [44, 60, 7], tweak }
    const [signature] = signatures(signingSessions(backend, set, digest, random, () => ({ derivation })))
    const derived = group.addPoints(set[0]!.share.record.publicKey, group.multiplyBase(tweak))
    expect(nobleAccepts(signature!, digest, group.encodePoint(derived))).toBe(true)
    expect(nobleAccepts(signature!, digest, keyOf(set[0]!))).toBe(false)
  })

  test('goes on from bytes after every step', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const signers = ids(1, 2, 3)
    const digest = randomDigest(random)
    const outcomes = simulate(
      signingSessions(backend, set, digest, random),
      { shuffled: random },
      {
        afterStep: (participant, session) =>
          restoreEcdsaSigning(session.export(), { backend, ...set[participant - 1]!, signers, digest, random }),
      },
    )
    for (const { done } of outcomes) expect(nobleAccepts(done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('goes on from bytes before its first step', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [signers, digest] = [ids(1, 2), randomDigest(random)]
    const sessions = signingSessions(backend, set, digest, random).map((session, i) => {
      const options = { backend, ...set[i]!, signers, digest, random }
      const state = session.export()
      const again = restoreEcdsaSigning(state, options).export()
      expect(toHex(again)).toBe(toHex(state))
      return restoreEcdsaSigning(again, options)
    })
    const [signature] = signatures(sessions)
    expect(nobleAccepts(signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('does not play a round twice, nor hear one that it has not', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [signers, digest] = [ids(1, 2), randomDigest(random)]
    const [client, server] = signingSessions(backend, set, digest, random)
    for (const bytes of client!.start().out) server!.receive(bytes)
    const response = server!.advance().out
    for (const bytes of response) client!.receive(bytes)
    client!.advance()
    const { body, ...header } = decodeEnvelope(response[2] as Uint8Array)
    expect(client!.receive(encodeEnvelope({ ...header, round: 5, body }))).toBe('dropped')
    // Byte 2 of a state is the round, and with one peer byte 67 the step.
    const state = client!.export()
    const options = { backend, ...set[0]!, signers, digest, random }
    expect(() => restoreEcdsaSigning(state.with(67, 8), options)).toThrow('unknown step 8')
  })

  test('does not play a round again whose messages are still there', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const [signers, digest] = [ids(1, 2, 3), randomDigest(random)]
    const sessions = signingSessions(backend, set, digest, random)
    let sent = sessions.map((session) => session.start().out)
    for (let round = 1; round <= 4; round++) {
      for (const [i, session] of sessions.entries()) {
        for (const bytes of sent.filter((_, from) => from !== i).flat()) session.receive(bytes)
      }
      sent = sessions.map((session) => session.advance().out)
    }
    // What all compared in round 4 was sent to all, and stays.
    const state = sessions[0]!.export().with(2, 4)
    const restored = restoreEcdsaSigning(state, { backend, ...set[0]!, signers, digest, random })
    expect(() => restored.advance()).toThrow('round 4 comes after another one')
  })

  test('options that do not fit together are refused', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random)
    const [one, two, three, stranger] = ids(1, 2, 3, 9)
    const valid = { backend, ...set[0]!, signers: [one!, two!], digest: randomDigest(random), random }
    const { share, otStates } = valid
    const changes: [Partial<EcdsaSigningOptions>, string][] = [
      [{ share: { ...share, record: { ...share.record, curve: 'ed25519' } } }, 'not defined on ed25519'],
      [{ share: { ...share, record: { ...share.record, purpose: 'backup' } } }, 'a backup set does not sign'],
      [{ signers: [two!, one!] }, 'must ascend'],
      [{ signers: [one!, one!] }, 'must ascend'],
      [{ signers: [one!, stranger!] }, 'has no party 9'],
      [{ signers: [one!] }, 'do not meet threshold 2'],
      [{ signers: [two!, three!] }, 'is not among the signers'],
      [{ aggregator: three! }, 'the aggregator 3 is not among the signers'],
      [{ otStates: otStates.slice(1) }, 'no oblivious-transfer state with party 2'],
      [{ otStates: set[2]!.otStates }, 'no oblivious-transfer state with party 2'],
      [{ derivation: { path: [1], tweak: group.negate(secretOf(set)) } }, 'the derived key is the identity'],
    ]
    expect(() => createEcdsaSigning(valid)).not.toThrow()
    for (const [change, words] of changes) {
      expect(() => createEcdsaSigning({ ...valid, ...change }), words).toThrow(RangeError)
      expect(() => createEcdsaSigning({ ...valid, ...change })).toThrow(words)
    }

    function secretOf(all: readonly Holder[]) {
      return combinedKey(
        group,
        all.map((holder) => holder.share),
      )
    }
  })

  test('keeps its own copies of the digest, the signers and the share', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [signers, digest] = [ids(1, 2), randomDigest(random)]
    const signed = digest.slice()
    const shares = set.map(({ share }) => ({ ...share, secretShare: share.secretShare.slice() as Scalar }))
    const sessions = set.map(({ otStates }, i) =>
      createEcdsaSigning({ backend, share: shares[i]!, otStates, signers, digest, random }),
    )
    digest.fill(0)
    signers.reverse()
    for (const { secretShare } of shares) secretShare.fill(0)
    const [signature] = signatures(sessions)
    expect(nobleAccepts(signature!, signed, keyOf(set[0]!))).toBe(true)
  })

  test('does not sign twice alike', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const twice = [0, 1].map(() => signatures(signingSessions(backend, set, digest, random))[0]!)
    expect(toHex(twice[0]!.r)).not.toBe(toHex(twice[1]!.r))
  })

  test('hedges its randomness: a constant source still gives different nonces per share and per digest', () => {
    const constant = (length: number): Uint8Array => new Uint8Array(length).fill(0x42)
    const random = seededRandom()
    const first = (set: readonly Holder[], message = 0): string => {
      const commitments: string[] = []
      const digest = digest32(new Uint8Array(32).fill(message))
      const intercept = (packet: Packet): Packet[] => {
        const { round, body } = decodeEnvelope(packet.bytes)
        if (round === 3 && packet.from === 1 && body.length === 65) commitments.push(toHex(body.subarray(0, 33)))
        return [packet]
      }
      signatures(signingSessions(backend, set, digest, constant), { intercept })
      return commitments[0] as string
    }
    const set = holders(backend, 2, 2, random)
    expect(first(set)).not.toBe(first(holders(backend, 2, 2, random)))
    expect(first(set)).not.toBe(first(set, 1))
  })

  test(`${name === 'wasm' ? 40 : 3} random digests`, () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const recoveries = new Set<number>()
    for (let i = 0; i < (name === 'wasm' ? 40 : 3); i++) {
      const digest = randomDigest(random)
      const [signature] = signatures(signingSessions(backend, set, digest, random))
      expect(encodeSignature(signature!)).toHaveLength(64)
      expect(nobleAccepts(signature!, digest, keyOf(set[0]!))).toBe(true)
      recoveries.add(signature!.recovery)
    }
    if (name === 'wasm') expect([...recoveries].sort()).toEqual([0, 1])
  })
})
