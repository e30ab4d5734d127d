import { describe, expect, test } from 'vitest'
import { decodeEnvelope } from '../../../../src/protocol/session/envelope.ts'
import {
  createCompletion,
  createPreprocessing,
  restoreCompletion,
  restorePreprocessing,
} from '../../../../src/protocol/ecdsa/signing/preprocess.ts'
import { Preprocessed } from '../../../../src/protocol/ecdsa/signing/preprocessed.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { simulate } from '../../../support/simulator.ts'
import {
  backends,
  completionSessions,
  failure,
  type Holder,
  holders,
  ids,
  nobleAccepts,
  preprocess,
  preprocessingSessions,
  randomDigest,
  reasonOf,
  signatures,
} from '../support.ts'

const [CLIENT] = ids(1, 2)

describe.each(backends)('preprocessed multiplications on $name', ({ backend }) => {
  const { group } = backend
  const keyOf = ({ share }: Holder): Uint8Array => group.encodePoint(share.record.publicKey)

  test.each([
    { threshold: 2, count: 2, signers: [1, 2] },
    { threshold: 2, count: 3, signers: [1, 3] },
    { threshold: 3, count: 5, signers: [1, 2, 5] },
  ])('$threshold of $count preprocess as $signers and sign with it', ({ threshold, count, signers }) => {
    const random = seededRandom()
    const set = holders(backend, threshold, count, random)
    const present = signers.map((id) => set[id - 1]!)
    const preprocessed = preprocess(backend, present, random)
    expect(new Set(preprocessed.map(({ id }) => toHex(id))).size).toBe(1)
    const digest = randomDigest(random)
    const sessions = completionSessions(backend, present, preprocessed, digest, random)
    const all = signatures(sessions, { shuffled: random, copies: 2 })
    for (const signature of all) expect(signature).toEqual(all[0])
    expect(nobleAccepts(all[0]!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('one made before any key is known serves a derived one', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random).slice(1)
    const preprocessed = preprocess(backend, set, random)
    const derivation = { path: [44, 60, 7], tweak: group.randomScalar(random) }
    const digest = randomDigest(random)
    const [signature] = signatures(
      completionSessions(backend, set, preprocessed, digest, random, () => ({ derivation })),
    )
    const derived = group.addPoints(set[0]!.share.record.publicKey, group.multiplyBase(derivation.tweak))
    expect(nobleAccepts(signature!, digest, group.encodePoint(derived))).toBe(true)
  })

  test('two parties take two requests for it, and one of less than 300 bytes to sign', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const about = (out: readonly Uint8Array[]) =>
      out.map((bytes) => [decodeEnvelope(bytes).round, decodeEnvelope(bytes).body.length])
    const [client, server] = preprocessingSessions(backend, set, random)
    const first = client!.start().out
    expect(about(first)).toEqual([[1, 128]])
    for (const bytes of first) server!.receive(bytes)
    const response = server!.advance().out
    expect(about(response)).toEqual([
      [1, 128],
      [2, 32],
      [2, 16_400],
    ])
    for (const bytes of response) client!.receive(bytes)
    const second = client!.advance().out
    expect(about(second)).toEqual([
      [2, 32],
      [2, 16_400],
      [3, 73_792],
    ])
    for (const bytes of second) server!.receive(bytes)
    const last = server!.advance()
    expect(about(last.out)).toEqual([[3, 73_792]])
    for (const bytes of last.out) client!.receive(bytes)
    const preprocessed = [client!.advance().done!.preprocessed!, last.done!.preprocessed!]

    const digest = randomDigest(random)
    const aggregator = CLIENT!
    const [asking, responding] = completionSessions(backend, set, preprocessed, digest, random, () => ({ aggregator }))
    const request = asking!.start().out
    expect(about(request)).toEqual([
      [1, 97],
      [1, 130],
    ])
    for (const bytes of request) responding!.receive(bytes)
    const { out, done } = responding!.advance()
    expect(done).toEqual({})
    expect(about(out)).toEqual([
      [1, 97],
      [1, 130],
      [2, 64],
    ])
    for (const bytes of out) asking!.receive(bytes)
    const ended = asking!.advance()
    expect(ended.out).toEqual([])
    expect(nobleAccepts(ended.done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('lives on in bytes, and its sessions go on from bytes', () => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const signers = ids(1, 2, 3)
    const options = (participant: number) => ({ backend, ...set[participant - 1]!, signers, random })
    const outcomes = simulate(
      preprocessingSessions(backend, set, random),
      { shuffled: random },
      {
        afterStep: (participant, session) =>
          restorePreprocessing(session.export(), { ...options(participant), epoch: 0 }),
      },
    )
    const stored = outcomes.map(({ done, error }) => {
      if (done === undefined) throw failure(error)
      return done.preprocessed!.encode()
    })
    const preprocessed = stored.map((bytes) => Preprocessed.decode(backend, bytes))
    const [{ id }] = preprocessed as [Preprocessed]
    const digest = randomDigest(random)
    const completed = simulate(
      completionSessions(backend, set, preprocessed, digest, random),
      { shuffled: random },
      {
        afterStep: (participant, session) =>
          restoreCompletion(session.export(), { ...options(participant), digest }, id),
      },
    )
    for (const { done } of completed) expect(nobleAccepts(done!.signature!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('a completion goes on from bytes before its first step', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const preprocessed = preprocess(backend, set, random)
    const [digest, signers] = [randomDigest(random), ids(1, 2)]
    const { id } = preprocessed[0]!
    const sessions = completionSessions(backend, set, preprocessed, digest, random).map((session, i) =>
      restoreCompletion(session.export(), { backend, ...set[i]!, signers, digest, random }, id),
    )
    expect(nobleAccepts(signatures(sessions)[0]!, digest, keyOf(set[0]!))).toBe(true)
  })

  test('is exactly one encoding', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const [preprocessed] = preprocess(backend, set, random)
    const bytes = preprocessed!.encode()
    expect(bytes).toHaveLength(524)
    expect(toHex(Preprocessed.decode(backend, bytes).encode())).toBe(toHex(bytes))
    // Version, id, set, epoch, then self at 69 and the signers from 74 on, and k behind otDigest and the statement.
    expect([bytes[69], bytes[74], bytes[75]]).toEqual([1, 1, 2])
    for (const bad of [
      new Uint8Array(0),
      bytes.slice(0, -1),
      concatBytes(bytes, Uint8Array.of(0)),
      bytes.with(0, 2),
      bytes.with(69, 0),
      bytes.with(69, 3),
      bytes.with(74, 0),
      bytes.with(74, 2),
      bytes.slice().fill(0, 140, 172),
      bytes.slice().fill(0xff, 140, 172),
      bytes.slice().fill(0xff, 524 - 32),
    ]) {
      expect(reasonOf(() => Preprocessed.decode(backend, bad))).toBe('SHARE_PARSING_FAILED')
    }
    expect(() => Preprocessed.decode(backend, 'x' as never)).toThrow(TypeError)
    // Only the nonce must not be zero.
    const zeroMask = bytes.slice().fill(0, 172, 204)
    expect(toHex(Preprocessed.decode(backend, zeroMask).encode())).toBe(toHex(zeroMask))
  })

  test('is of signers that ascend and include the one that holds it', () => {
    const random = seededRandom()
    const decoding = (bytes: Uint8Array) => reasonOf(() => Preprocessed.decode(backend, bytes))
    const [two] = preprocess(backend, holders(backend, 2, 2, random), random)
    const bytes = two!.encode()
    expect(decoding(bytes)).toBeUndefined()
    expect(decoding(bytes.with(74, 2).with(75, 1))).toBe('SHARE_PARSING_FAILED')

    const [three] = preprocess(backend, holders(backend, 3, 3, random), random)
    const longer = three!.encode()
    expect([...longer.subarray(69, 77)]).toEqual([1, 0, 0, 0, 3, 1, 2, 3])
    expect(decoding(longer.with(76, 2))).toBe('SHARE_PARSING_FAILED')
    // Signers 2 and 3 have as many digests and products as the two peers of signer 1.
    const strangers = concatBytes(longer.subarray(0, 73), Uint8Array.of(2, 2, 3), longer.subarray(77))
    expect(decoding(strangers)).toBe('SHARE_PARSING_FAILED')
  })

  test('takes an object of options, and what can be taken', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const valid = { backend, ...set[0]!, signers: ids(1, 2), digest: randomDigest(random), random, epoch: 0 }
    expect(() => createPreprocessing(undefined as never)).toThrow('preprocessing takes an object of parameters')
    expect(() => createCompletion(undefined as never)).toThrow('createCompletion takes an object of parameters')
    expect(() => createCompletion({ ...valid, preprocessed: {} as never })).toThrow(
      'preprocessed must have the method take',
    )
  })

  test('is of a whole epoch', () => {
    const random = seededRandom()
    const [first] = holders(backend, 2, 2, random)
    const options = { backend, ...first!, signers: ids(1, 2), random }
    for (const epoch of [-1, 0.5, 2 ** 32]) {
      expect(() => createPreprocessing({ ...options, epoch })).toThrow(RangeError)
    }
    expect(() => createPreprocessing({ ...options, epoch: 2 ** 32 - 1 })).not.toThrow()
  })
})
