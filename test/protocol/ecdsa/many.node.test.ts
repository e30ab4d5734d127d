import { expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { digest32 } from '../../../src/protocol/ecdsa/signing/digest.ts'
import { numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { seededRandom } from '../../support/random.ts'
import { holders, ids, nobleVerifies, randomDigest, signatures, signingSessions } from './support.ts'

const N = ORDER.secp256k1
const EDGES = [0n, 1n, N - 1n, N, N + 1n, (1n << 256n) - 1n].map((value) => digest32(numberToBytes('secp256k1', value)))

// 1,000 in all; in parts, each with a set of its own, so that none takes long.
test.each([1, 2, 3, 4, 5])('part %i: 200 digests, the edges of the range among them, are signed', () => {
  const random = seededRandom()
  const backend = wasmEcdsa()
  const set = holders(backend, 2, 2, random)
  const publicKey = backend.group.encodePoint(set[0]!.share.record.publicKey)
  const [aggregator] = ids(1)
  for (let i = 0; i < 200; i++) {
    const digest = EDGES[i] ?? randomDigest(random)
    const [signature] = signatures(signingSessions(backend, set, digest, random, () => ({ aggregator })))
    expect(nobleVerifies(signature!, digest, publicKey)).toBe(true)
  }
})
