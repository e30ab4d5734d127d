import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../src/curve/group.ts'
import { Reader } from '../../src/util/codec.ts'
import { decodeEnvelope, type Envelope } from '../../src/protocol/session/envelope.ts'
import { generateReceiver, proveExport, releaseShare } from '../../src/protocol/export/index.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { provePossession } from '../../src/protocol/possession/index.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import { readProof, type SchnorrProof } from '../../src/protocol/dealing/schnorr-proof.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { createHasher, scalarFromHash } from '../../src/protocol/transcript/transcript.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { recombine } from '../../src/secret-sharing/shamir.ts'
import { partyId } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { groups } from '../support/groups.ts'
import { seededRandom } from '../support/random.ts'
import { generate, newParties, PAIR } from '../support/sets.ts'

// What a peer, or whoever reads along, gets out of a party whose random source gives the same bytes in every session: a
// snapshot of a machine that is started several times. Each test is the attack itself, played to its end.

/** A source that starts from the beginning each time it is asked for. */
function replayed(label: string): () => RandomSource {
  return () => seededRandom(label)
}

const [A, B] = [partyId(1), partyId(2)]
const HELD = 'a snapshot'

describe.each(groups)('proofs under replayed randomness on $name', ({ group }) => {
  const fresh = seededRandom('the honest peer')
  const again = replayed(HELD)
  const shares = generate(group, 2, 2, fresh) as [KeyShare, KeyShare]
  const { record } = shares[0]
  const publicKeyOf = (id: number) => record.parties.find((party) => party.id === id)!.verifyingShare

  /** k from z = k + c·x and two proofs by one k: x. */
  function secretOf(first: [SchnorrProof, Scalar], second: [SchnorrProof, Scalar]): Scalar {
    const responses = group.subtract(first[0].response, second[0].response)
    return group.multiply(responses, group.invert(group.subtract(first[1], second[1])))
  }

  function proofOf(bytes: Uint8Array, at = 0): SchnorrProof {
    return readProof(group, new Reader(bytes.slice(at)))
  }

  test('two proofs of possession do not give the share', () => {
    const hash = createHasher(group.curve, 'possession')
    const prove = (nonce: Uint8Array): [SchnorrProof, Scalar] => {
      const bytes = provePossession({ group, share: shares[0], verifier: B, nonce, random: again() })
      const [share, key] = group.encodePoints([publicKeyOf(1), record.publicKey]) as [Uint8Array, Uint8Array]
      const seed = hash('proof', record.setId, A, share, key, B, nonce, bytes.slice(0, group.pointLength))
      return [proofOf(bytes), scalarFromHash(group, hash, seed)]
    }
    const [first, second] = [prove(fresh(32)), prove(fresh(32))]
    expect(first[0].commitment).not.toEqual(second[0].commitment)
    expect(group.equalScalars(secretOf(first, second), shares[0].secretShare)).toBe(false)
  })

  test('two exports give neither the share that asks nor what two shares have in common', () => {
    const terms = (operation: Uint8Array, receiver: Uint8Array) =>
      ({ group, record, from: B, to: A, receiver, operation }) as const
    const ask = (operation: Uint8Array) => {
      const { publicKey } = generateReceiver({ share: shares[0], operation, random: again() })
      const challenge = fresh(32)
      const proof = proveExport(terms(operation, publicKey), { share: shares[0], challenge, random: again() })
      const release = (random: RandomSource) =>
        releaseShare(terms(operation, publicKey), { share: shares[1], challenge, proof, random })
      return { publicKey, proof, release }
    }
    const [first, second] = [ask(fresh(16)), ask(fresh(16))]
    expect(first.publicKey).not.toEqual(second.publicKey)
    expect(first.proof.slice(0, group.pointLength)).not.toEqual(second.proof.slice(0, group.pointLength))
    // One ephemeral key, one keystream: the two ciphertexts would differ by what the two plaintexts do.
    const [one, other] = [first.release(again()), second.release(again())]
    expect(one.slice(0, 32)).not.toEqual(other.slice(0, 32))
  })

  /** Round 2's opening of participant 1 and its challenge. */
  function knowledge(protocol: 'keygen' | 'reshare', decommitment: Envelope): [SchnorrProof, Scalar] {
    const { body, sid } = decommitment
    const { pointLength } = group
    const count = body[0] as number
    const encoded = Array.from({ length: count }, (_, k) => body.slice(1 + k * pointLength, 1 + (k + 1) * pointLength))
    const proof = proofOf(body.slice(0, 1 + (count + 1) * pointLength + 32), 1 + count * pointLength)
    const hash = createHasher(group.curve, protocol)
    return [proof, scalarFromHash(group, hash, hash('pok', sid, 1, encoded, proof.commitment))]
  }

  function opened(session: Session<unknown>, peer: Session<unknown>): { decommitment: Envelope; sent: Envelope[] } {
    const [hello] = session.start().out as [Uint8Array]
    const [greeting] = peer.start().out as [Uint8Array]
    peer.receive(hello)
    session.receive(greeting)
    const sent = session.advance().out.map(decodeEnvelope)
    return { decommitment: sent[0]!, sent }
  }

  const keygenOf = (self: 1 | 2, random: RandomSource, walletId = new Uint8Array(16), ids = [1, 2]) =>
    createKeygen({
      group,
      walletId,
      purpose: 'signing',
      threshold: 2,
      parties: newParties(ids),
      self: partyId(ids[self - 1]!),
      random,
    })

  test('two key generations do not give a constant term', () => {
    const runs = [1, 2].map(() => opened(keygenOf(1, again()), keygenOf(2, fresh)).decommitment)
    const [first, second] = runs.map((decommitment) => knowledge('keygen', decommitment)) as [
      [SchnorrProof, Scalar],
      [SchnorrProof, Scalar],
    ]
    const constant = group.decodePoint(runs[0]!.body.slice(1, 1 + group.pointLength))
    expect(group.equalPoints(group.multiplyBase(secretOf(first, second)), constant)).toBe(false)
  })

  const reshareOf = (self: 1 | 2, random: RandomSource, receiver = 2) => {
    const participants = [PAIR[0]!, { dealer: B, receiver: { id: partyId(receiver), role: 'custodian' as const } }]
    return createReshare({
      group,
      old: record,
      purpose: 'backup',
      threshold: 2,
      participants,
      self,
      share: shares[self - 1]!,
      random,
    })
  }

  test('two reshares do not give what a dealer deals', () => {
    const runs = [1, 2].map(() => opened(reshareOf(1, again()), reshareOf(2, fresh)).decommitment)
    const [first, second] = runs.map((decommitment) => knowledge('reshare', decommitment)) as [
      [SchnorrProof, Scalar],
      [SchnorrProof, Scalar],
    ]
    const weight = group.lagrangeCoefficients([A, B])[0]!
    const dealt = group.multiply(weight, shares[0].secretShare)
    expect(group.equalScalars(secretOf(first, second), dealt)).toBe(false)
  })

  /** Plays a key generation or a reshare to the message that confirms participant 1's new share. */
  function confirmed(protocol: 'keygen' | 'reshare', session: Session<unknown>, peer: Session<unknown>) {
    let out = session.start().out
    const [speakers, said] = [[peer, session], [] as Uint8Array[]]
    let made: unknown
    for (let turn = 0; out.length > 0; turn++) {
      const to = speakers[turn % 2]!
      for (const bytes of out) to.receive(bytes)
      const step = to.advance()
      if (to === session) {
        said.push(...step.out)
        made = step.prepared ?? made
        if (step.prepared !== undefined) break
      }
      out = step.out
    }
    const result = made as KeyShare | { readonly share: KeyShare }
    const share = 'share' in result ? result.share : result
    const { body, sid } = decodeEnvelope(said.at(-1))
    const [transcript, proof] = [body.slice(0, 32), proofOf(body, 32)]
    const hash = createHasher(group.curve, protocol)
    const points = [share.record.parties.find(({ id }) => id === share.id)!.verifyingShare, share.record.publicKey]
    const [verifyingShare, key] = group.encodePoints(points) as [Uint8Array, Uint8Array]
    const statement = [transcript, share.id, verifyingShare, key, share.record.chainCode]
    return { share, proof, challenge: scalarFromHash(group, hash, hash('pop', sid, ...statement, proof.commitment)) }
  }

  test.each(['keygen', 'reshare'] as const)('two confirmations of %s do not give a new share', (protocol) => {
    const of = protocol === 'keygen' ? keygenOf : reshareOf
    const [first, second] = [1, 2].map(() => confirmed(protocol, of(1, again()), of(2, fresh)))
    // The peer knows by how much the two shares differ: they have one dealing of the victim in common.
    const difference = group.subtract(first!.share.secretShare, second!.share.secretShare)
    const known = group.multiply(second!.challenge, difference)
    const responses = group.subtract(group.subtract(first!.proof.response, second!.proof.response), known)
    const guess = group.multiply(responses, group.invert(group.subtract(first!.challenge, second!.challenge)))
    expect(group.equalScalars(guess, first!.share.secretShare)).toBe(false)
  })

  test('evaluations at two ids do not give what a dealer deals', () => {
    // One peer, under the id 2 in one session and 3 in the next.
    const evaluation = (receiver: number): Scalar => {
      const [victim, peer] = [reshareOf(1, again(), receiver), reshareOf(2, fresh, receiver)]
      const { decommitment } = opened(victim, peer)
      const theirs = peer.advance().out
      for (const bytes of theirs) victim.receive(bytes)
      expect(decommitment.round).toBe(2)
      const [share] = victim.advance().out.map(decodeEnvelope)
      expect([share!.round, share!.to]).toEqual([3, 2])
      return group.decodeScalar(share!.body)
    }
    const collected = [2, 3].map((id) => ({ id, value: evaluation(id) }))
    const dealt = group.multiply(group.lagrangeCoefficients([A, B])[0]!, shares[0].secretShare)
    expect(group.equalScalars(recombine(group, collected, 2), dealt)).toBe(false)
  })

  test('evaluations at two ids do not give a part of a key', () => {
    const runs = [2, 3].map((id) => {
      const { sent, decommitment } = opened(
        keygenOf(1, again(), undefined, [1, id]),
        keygenOf(2, fresh, undefined, [1, id]),
      )
      return {
        id,
        value: group.decodeScalar(sent[1]!.body),
        constant: decommitment.body.slice(1, 1 + group.pointLength),
      }
    })
    const guess = recombine(group, runs, 2)
    expect(toHex(group.encodePoint(group.multiplyBase(guess)))).not.toBe(toHex(runs[0]!.constant))
  })

  test.each([
    ['a key generation', keygenOf],
    ['a reshare', reshareOf],
  ])('who responds %s deals anew for each message that it responds to', (_, of) => {
    const dealt = [1, 2].map(() => {
      const [hello] = (of(1, fresh) as Session<unknown>).start().out as [Uint8Array]
      const server: Session<unknown> = of(2, again())
      expect(server.receive(hello)).toBe('accepted')
      return server.advance().out.map((bytes) => toHex(decodeEnvelope(bytes).body.slice(0, 64)))
    })
    // Commitment and nonce; the opening, of another polynomial.
    expect(dealt[0]).not.toContain(dealt[1]![0])
    expect(dealt[0]).not.toContain(dealt[1]![1])
  })

  test('the same statement again is the same message again', () => {
    const nonce = new Uint8Array(32)
    const prove = () => toHex(provePossession({ group, share: shares[0], verifier: B, nonce, random: again() }))
    expect(prove()).toBe(prove())
    const start = () => toHex((reshareOf(1, again()) as Session<unknown>).start().out[0]!)
    expect(start()).toBe(start())
  })
})
