import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../../../src/curve/group.ts'
import type { ProtocolError } from '../../../../src/errors.ts'
import { MpcError } from '../../../../src/errors.ts'
import { restorePreprocessing } from '../../../../src/protocol/ecdsa/signing/preprocess.ts'
import { restoreEcdsaSigning } from '../../../../src/protocol/ecdsa/signing/sign.ts'
import { seededRandom } from '../../../support/random.ts'
import { backends, holders, ids, randomDigest, signingSessions } from '../support.ts'

describe.each(backends)('a cheating signer on $name', ({ backend }) => {
  const { group } = backend

  // Case P3.
  test.each([0, 1, 2])('a session that is stored after %i requests is of its statement alone', (requests) => {
    const random = seededRandom()
    const set = holders(backend, 2, 3, random)
    const digest = randomDigest(random)
    const derivation = { path: [1], tweak: group.randomScalar(random) }
    const [client, server] = signingSessions(backend, set.slice(0, 2), digest, random, () => ({ derivation }))
    let fromClient = client!.start().out
    for (let request = 0; request < requests; request++) {
      for (const bytes of fromClient) server!.receive(bytes)
      for (const bytes of server!.advance().out) client!.receive(bytes)
      if (request + 1 < requests) fromClient = client!.advance().out
    }
    const options = { backend, ...set[0]!, signers: ids(1, 2), digest, derivation, random }
    const state = client!.export()
    const { derivation: _, ...plain } = options
    for (const changed of [
      { ...options, digest: randomDigest(random) },
      plain,
      { ...options, derivation: { ...derivation, path: [2] } },
      { ...options, derivation: { ...derivation, tweak: group.randomScalar(random) } },
      { ...options, signers: ids(1, 3) },
    ]) {
      expect(() => restoreEcdsaSigning(state, changed)).toThrow(
        expect.objectContaining({ reason: 'SID', blame: [], ban: false }) as ProtocolError,
      )
    }
    const preprocess = { ...plain, epoch: 0 }
    expect(() => restorePreprocessing(state, preprocess)).toThrow(
      expect.objectContaining({ reason: 'SID' }) as ProtocolError,
    )
    expect(() => restoreEcdsaSigning(state, options)).not.toThrow()
  })

  // Case P5.
  test('a state that is none leaves no copy of the share', () => {
    const random = seededRandom()
    const set = holders(backend, 2, 2, random)
    const digest = randomDigest(random)
    const [client] = signingSessions(backend, set, digest, random)
    client!.start()
    const state = client!.export()
    const copies: Uint8Array[] = []
    const secretShare = set[0]!.share.secretShare.slice() as Scalar
    secretShare.slice = (...range) => {
      const copy = Uint8Array.prototype.slice.apply(secretShare, range)
      copies.push(copy)
      return copy
    }
    const share = { ...set[0]!.share, secretShare }
    const options = { backend, share, otStates: set[0]!.otStates, signers: ids(1, 2), digest, random }
    const other = { ...options, digest: randomDigest(random) }
    for (const run of [
      () => restoreEcdsaSigning(state.slice(0, 40), options),
      () => restoreEcdsaSigning(state.slice(0, 500), options),
      () => restoreEcdsaSigning(state.slice(0, -1), options),
      () => restoreEcdsaSigning(state.with(67, 99), options),
      () => restoreEcdsaSigning(state, other),
    ]) {
      copies.length = 0
      expect(run).toThrow(MpcError)
      expect(copies.length).toBe(1)
      expect(copies[0]!.every((byte) => byte === 0)).toBe(true)
    }
  })
})
