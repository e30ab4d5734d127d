import { describe, expect, test } from 'vitest'

import { wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { additiveKey } from '../../../../src/protocol/ecdsa/signing/decommitment-round.ts'
import { EcdsaMachine } from '../../../../src/protocol/ecdsa/signing/signing-machine.ts'
import { openSigning } from '../../../../src/protocol/ecdsa/signing/signing-setup.ts'
import { Reader, Writer } from '../../../../src/util/codec.ts'
import { toHex } from '../../../../src/util/bytes.ts'
import { seededRandom } from '../../../support/random.ts'
import { holders, ids, randomDigest, signingSessions } from '../support.ts'

const backend = wasmEcdsa()

/** A writer that keeps the arrays that it is given, not copies of them. */
class KeepingWriter extends Writer {
  readonly kept: Uint8Array[] = []

  override bytes(value: Uint8Array): this {
    this.kept.push(value)
    return super.bytes(value)
  }
}

describe('the machine of a signer', () => {
  // The first three are the statement and two digests. Then there are, of two peers, two transcripts; the session id, the
  // id, two transcripts and two commitments of two fields; the session id, the statement and the commitments; the session
  // id and R; the same.
  test.each([
    [0, 3, 0],
    [1, 3 + 2, 7],
    [2, 3 + 2 + 2 + 4, 15],
    [3, 3 + 2 + 4, 18],
    [4, 3 + 2, 3],
    [5, 3 + 2, 1],
  ])('in step %i writes %i public fields, and wipes %i more that it holds', (steps, shown, secret) => {
    const random = seededRandom()
    const set = holders(backend, 3, 3, random)
    const digest = randomDigest(random)
    const sessions = signingSessions(backend, set, digest, random)
    let sent = steps === 0 ? [] : sessions.map((session) => session.start().out)
    for (let round = 1; round < steps; round++) {
      for (const [i, session] of sessions.entries()) {
        for (const bytes of sent.filter((_, from) => from !== i).flat()) session.receive(bytes)
      }
      sent = sessions.map((session) => session.advance().out)
    }
    const setup = openSigning({ backend, ...set[0]!, signers: ids(1, 2, 3), random }, { kind: 'sign', digest })
    // Behind the version, the protocol and the round.
    const machine = EcdsaMachine.decode(setup, new Reader(sessions[0]!.export().subarray(3)))
    const writer = new KeepingWriter()
    machine.encode(writer)
    const left = () => writer.kept.filter((field) => field.some((byte) => byte !== 0)).length
    expect(left()).toBe(shown + secret)
    machine.wipe()
    expect(left()).toBe(shown)
  })

  test.each([
    ['the own key', undefined],
    ['a derived key', { path: [1], tweak: backend.group.scalar(5) }],
  ])('computes its part of %s, and leaves the share as it was', (_, derivation) => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const options = { backend, ...set[0]!, signers: ids(1, 2), random, ...(derivation ? { derivation } : {}) }
    const setup = openSigning(options, { kind: 'sign', digest: randomDigest(random) })
    const part = toHex(additiveKey(setup, random(32)))
    expect(toHex(setup.share.secretShare)).toBe(toHex(set[0]!.share.secretShare))
    expect(toHex(additiveKey(setup, random(32)))).toBe(part)
  })
})
