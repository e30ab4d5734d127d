import { expect, test } from 'vitest'

import { wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'
import { expectedMessages } from '../../../../src/protocol/ecdsa/signing/expected-messages.ts'
import { openSigning, type SigningMode } from '../../../../src/protocol/ecdsa/signing/signing-setup.ts'
import { seededRandom } from '../../../support/random.ts'
import { holders, ids, randomDigest } from '../support.ts'

const backend = wasmEcdsa()
const random = seededRandom('expected')
const digest = randomDigest(random)
const EXTENSION = 16_400
const PRODUCT = 73_792

/** The lengths of the broadcast and the direct message of every round from 1 to 7. */
function lengths(count: number, mode: SigningMode, learns = true): (readonly [number, number])[] {
  const set = holders(backend, count, count, random)
  const signers = ids(...set.map(({ share }) => share.id))
  const setup = openSigning({ backend, ...set[0]!, signers, random }, mode)
  return [1, 2, 3, 4, 5, 6, 7].map((round) => {
    const { broadcast, direct } = expectedMessages(setup, round, learns)
    return [broadcast, direct]
  })
}

const NOTHING = [0, 0] as const

test('a session expects nothing after its last round', () => {
  const sign = { kind: 'sign', digest } as const
  const last = [NOTHING, NOTHING, NOTHING]
  expect(lengths(2, sign)).toEqual([[160, 32 + EXTENSION], [0, PRODUCT], [65, 130], [0, 64], ...last])
  expect(lengths(2, sign, false)[3]).toEqual(NOTHING)
  expect(lengths(3, sign)).toEqual([[192, 32 + EXTENSION], [0, PRODUCT], [98, 162], [65, 0], [0, 64], NOTHING, NOTHING])

  const complete = { kind: 'complete', digest, id: random(32) } as const
  expect(lengths(2, complete)).toEqual([[97, 130], [0, 64], NOTHING, NOTHING, ...last])
  expect(lengths(3, complete)).toEqual([[130, 162], [65, 0], [0, 64], NOTHING, ...last])

  const preprocess = { kind: 'preprocess', epoch: 0 } as const
  expect(lengths(2, preprocess)).toEqual([[128, 0], [32, EXTENSION], [0, PRODUCT], NOTHING, ...last])
  expect(lengths(3, preprocess)).toEqual([[160, 0], [32, EXTENSION], [0, PRODUCT], NOTHING, ...last])
})
