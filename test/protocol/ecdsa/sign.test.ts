import { describe, expect, test } from 'vitest'

import { seededRandom } from '../../support/random.ts'
import { backends, holders, nobleAccepts, randomDigest, signatures, signingSessions } from './support.ts'

describe.each(backends)('threshold ECDSA on $name', ({ backend }) => {
  test('sign', () => {
    const random = seededRandom()
    const t0 = performance.now()
    const set = holders(backend, 2, 2, random)
    const t1 = performance.now()
    const digest = randomDigest(random)
    const publicKey = backend.group.encodePoint(set[0]!.share.record.publicKey)
    const all = signatures(signingSessions(backend, set, digest, random))
    console.log(t1 - t0, performance.now() - t1)
    for (const s of all) expect(nobleAccepts(s!, digest, publicKey)).toBe(true)
  })
})
