import { describe, expect, test } from 'vitest'
import type { Group, Scalar } from '../../../src/curve/group.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { decodeCommitment } from '../../../src/protocol/frost/commitment.ts'
import { createSigning } from '../../../src/protocol/frost/session.ts'
import { prepareSigning, signerOf } from '../../../src/protocol/frost/signing-package.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { partyId } from '../../../src/types.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { seededRandom } from '../../support/random.ts'
import { generate } from '../../support/sets.ts'
import { suites } from './support.ts'

// As in test/protocol/replayed-random.test.ts: each test is the attack itself, played to its end.

/** A source that starts from the beginning each time it is asked for. */
function replayed(label: string): () => RandomSource {
  return () => seededRandom(label)
}

const [A, B] = [partyId(1), partyId(2)]
const HELD = 'a snapshot'

describe.each(suites)('FROST under replayed randomness: $name', ({ suite }) => {
  const { group, name: scheme } = suite
  const fresh = seededRandom('the honest peer')
  const again = replayed(HELD)
  const shares = generate(group, 2, 2, fresh) as [KeyShare, KeyShare]
  const { record } = shares[0]
  const signers = [A, B]
  const signing = (self: 1 | 2, message: Uint8Array, random: RandomSource, aggregator = A) =>
    createSigning({ scheme, group, share: shares[self - 1]!, signers, aggregator, message, random })

  /** One equation ±d ± ρ·e + w·s = z of the signer `self`, from the messages of a session alone. */
  function equation(self: 1 | 2, message: Uint8Array, bodies: readonly Uint8Array[], z: Uint8Array): Row {
    const commitments = bodies.map((body, i) => decodeCommitment(suite, signers[i]!, body))
    const signing = prepareSigning(suite, record, commitments, message)
    const { bindingFactor, shareWeight } = signerOf(signing, signers[self - 1]!)
    const sign = signing.negateNonces ? group.negate(group.scalar(1)) : group.scalar(1)
    return [sign, group.multiply(sign, bindingFactor), shareWeight, group.decodeScalar(z, { allowZero: true })]
  }

  function isShareOf(self: 1 | 2, guess: Scalar | undefined): boolean {
    return guess !== undefined && group.equalScalars(guess, shares[self - 1]!.secretShare)
  }

  test('three signatures of one message do not give the share of who responds', () => {
    const message = fresh(32)
    const rows = [1, 2, 3].map(() => {
      const [request] = signing(1, message, fresh).start().out as [Uint8Array]
      const server = signing(2, message, again())
      expect(server.receive(request)).toBe('accepted')
      const [commitment, share] = server.advance().out.map((bytes) => decodeEnvelope(bytes).body)
      return equation(2, message, [decodeEnvelope(request).body, commitment!], share!)
    })
    expect(isShareOf(2, solve(group, rows))).toBe(false)
  })

  test('three signatures of three messages do not give the share of who speaks first', () => {
    const rows = [1, 2, 3].map(() => {
      const message = fresh(32)
      const [client, server] = [signing(1, message, again(), B), signing(2, message, fresh, B)]
      const [request] = client.start().out as [Uint8Array]
      const [opening] = server.start().out as [Uint8Array]
      client.receive(opening)
      const { body } = decodeEnvelope(client.advance().out[0]!)
      return equation(
        1,
        message,
        [request, opening].map((bytes) => decodeEnvelope(bytes).body),
        body,
      )
    })
    expect(isShareOf(1, solve(group, rows))).toBe(false)
  })

  test('the equations are those of the attack: nonces that repeat give the share', () => {
    // One session's nonces, taken out of its state, in three sessions: what a restored state must never do.
    const [hiding, binding] = [group.randomScalar(fresh), group.randomScalar(fresh)]
    const points = group.encodePoints(group.multiplyBaseBatch([hiding, binding]))
    const body = Uint8Array.of(...points[0]!, ...points[1]!)
    const rows = [1, 2, 3].map(() => {
      const message = fresh(32)
      const [theirs] = signing(2, message, fresh)
        .start()
        .out.map((bytes) => decodeEnvelope(bytes).body)
      const [sign, bound, weight] = equation(1, message, [body, theirs!], group.scalar(0))
      const nonce = group.add(group.multiply(sign, hiding), group.multiply(bound, binding))
      return [sign, bound, weight, group.add(nonce, group.multiply(weight, shares[0].secretShare))] as Row
    })
    expect(isShareOf(1, solve(group, rows))).toBe(true)
  })
})

type Row = [Scalar, Scalar, Scalar, Scalar]

/** The third unknown of three linear equations in three, or undefined if they do not say. */
function solve(group: Group, equations: readonly Row[]): Scalar | undefined {
  const rows = equations.map((row) => [...row])
  for (const column of [0, 1, 2]) {
    const pivot = rows.findIndex((row, i) => i >= column && !group.isZero(row[column]!))
    if (pivot < 0) return undefined
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    const inverse = group.invert(rows[column][column]!)
    rows[column] = rows[column].map((value) => group.multiply(value, inverse))
    for (const [i, row] of rows.entries()) {
      if (i === column) continue
      const factor = row[column]!
      rows[i] = row.map((value, k) => group.subtract(value, group.multiply(factor, rows[column]![k]!)))
    }
  }
  return rows[2]![3]
}
