import { expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { gadgetsOf } from '../../../src/protocol/ecdsa/gadgets.ts'
import { seededRandom } from '../../support/random.ts'
import { holders } from './support.ts'

test('the vectors of the last sixteen sets are not computed again', () => {
  const backend = wasmEcdsa()
  const random = seededRandom()
  const { share } = holders(backend, 2, 2, random)[0]!
  let computed = 0
  const gadgets = (setId: Uint8Array): Uint8Array => {
    computed += 1
    return setId.slice()
  }
  const counting = { ...backend, vole: { ...backend.vole, gadgets } }
  const ask = (setId: Uint8Array): void => {
    const setup = { backend: counting, share: { ...share, record: { ...share.record, setId } } } as never
    expect(gadgetsOf(setup)).toEqual(setId)
  }
  const [first, ...rest] = Array.from({ length: 16 }, () => random(32)) as [Uint8Array, ...Uint8Array[]]
  for (const setId of [first, ...rest, first, ...rest]) ask(setId)
  expect(computed).toBe(16)
  ask(random(32))
  for (const setId of rest) ask(setId)
  expect(computed).toBe(17)
  ask(first)
  expect(computed).toBe(18)
})
