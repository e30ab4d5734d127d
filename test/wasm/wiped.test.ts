import { describe, expect, test } from 'vitest'
import type { Scalar } from '../../src/curve/group.ts'
import { wasmGroup } from '../../src/curve/wasm/group.ts'
import { CURVES, partyId } from '../../src/types.ts'
import { sharedCore } from '../../src/wasm/instance.ts'
import { seededRandom } from '../support/random.ts'

// What an operation on a secret leaves in the module's memory: nothing. The whole memory is compared, so that a slot
// that a new function forgets to register with the wiping is found too.

describe.each(CURVES)('%s', (curve) => {
  const group = wasmGroup(curve)
  const random = seededRandom(`wiped ${curve}`)
  const secret = (): Scalar => group.randomScalar(random)
  // The tables of the generator are made at the first multiplication, and stay.
  const point = group.multiplyBase(secret())

  test.each<[string, (a: Scalar, b: Scalar) => unknown]>([
    ['decodeScalar', (a) => group.decodeScalar(a)],
    ['reduce', () => group.reduce(random(group.wideLength))],
    ['add', (a, b) => group.add(a, b)],
    ['subtract', (a, b) => group.subtract(a, b)],
    ['multiply', (a, b) => group.multiply(a, b)],
    ['negate', (a) => group.negate(a)],
    ['invert', (a) => group.invert(a)],
    ['multiplyBase', (a) => group.multiplyBase(a)],
    ['multiplyBaseBatch', (a, b) => group.multiplyBaseBatch([a, b, a])],
    ['multiplyPoint', (a) => group.multiplyPoint(point, a)],
    ['multiplyPointBatch', (a, b) => group.multiplyPointBatch([point, point, point], [a, b, b])],
    ['addPoints', (a, b) => group.addPoints(group.multiplyBase(a), group.multiplyBase(b))],
    ['subtractPoints', (a, b) => group.subtractPoints(group.multiplyBase(a), group.multiplyBase(b))],
    ['negatePoint', (a) => group.negatePoint(group.multiplyBase(a))],
    ['encodePoint', (a) => group.encodePoint(group.multiplyBase(a))],
    ['evaluatePolynomial', (a, b) => group.evaluatePolynomial([a, b, a], [partyId(1), partyId(2), partyId(255)])],
  ])('%s leaves no trace of its inputs', (_, run) => {
    const [a, b] = [secret(), secret()]
    const before = sharedCore().memory.slice()
    run(a, b)
    const { memory } = sharedCore()
    const changed: number[] = []
    for (let i = 0; i < memory.length; i++) if (memory[i] !== before[i]) changed.push(i)
    expect(changed).toEqual([])
  })
})
