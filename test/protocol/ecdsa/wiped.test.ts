import { describe, expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { sharedCore } from '../../../src/wasm/instance.ts'
import { seededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'
import { chosen } from './support.ts'

describe('the calls of oblivious transfer leave the memory of the module as it was', () => {
  const random = seededRandom('wiped ecdsa')
  const { vole, baseOt, hashToCurve, group } = wasmEcdsa()
  const [esid, vsid, seeds, delta, choices] = [random(32), random(32), random(8192), random(16), random(112)]
  const inputs = [0, 1, 2].map(() => group.randomScalar(random)) as never
  const multiplierSeeds = chosen(seeds, delta)
  const { message, ...started } = vole.start(esid, seeds, choices)
  const { response } = vole.multiply(esid, vsid, multiplierSeeds, delta, message, inputs)!
  const malformed = response.slice().fill(255, 0, 32)

  const exponents = Array.from({ length: 128 }, () => group.randomScalar(random))
  const [otSid, bits, strings, secret] = [random(32), random(16), random(128 * 33), group.randomScalar(random)]
  const offers = baseOt.offer(otSid, bits, exponents, strings)
  const reply = baseOt.respond(otSid, offers, secret, vsid).message
  const refused = (run: () => unknown) => () => expect(run).toThrow(CodecError)

  test.each<[string, () => unknown]>([
    ['offer', () => baseOt.offer(otSid, bits, exponents, strings)],
    ['response', () => baseOt.respond(otSid, offers, secret, vsid)],
    ['response, malformed', refused(() => baseOt.respond(otSid, offers.slice().fill(0, 99, 132), secret, vsid))],
    ['finish of base OTs', () => baseOt.finish(otSid, bits, exponents, offers, reply)],
    ['finish of base OTs, of a cheat', () => baseOt.finish(otSid, bits, exponents, offers, flip(reply, 99))],
    [
      'finish of base OTs, malformed',
      refused(() => baseOt.finish(otSid, bits, exponents, offers, reply.slice().fill(0))),
    ],
    ['start', () => vole.start(esid, seeds, choices)],
    ['multiply', () => vole.multiply(esid, vsid, multiplierSeeds, delta, message, inputs)],
    ['multiply, of a cheat', () => vole.multiply(esid, vsid, multiplierSeeds, delta, flip(message, 0), inputs)],
    ['finish', () => vole.finish(vsid, started, choices, response)],
    ['finish, of a cheat', () => vole.finish(vsid, started, choices, flip(response, 31))],
    ['finish, malformed', refused(() => vole.finish(vsid, started, choices, malformed))],
    ['hashToCurve', () => hashToCurve([random(70), random(70)], 'wiped')],
  ])('%s', (_, run) => {
    const before = sharedCore().memory.slice()
    run()
    const { memory } = sharedCore()
    const changed: number[] = []
    for (let i = 0; i < memory.length; i++) if (memory[i] !== before[i]) changed.push(i)
    expect(changed).toEqual([])
  })
})

describe('what the module returns of several secret scalars at once is wiped where it is split', () => {
  const random = seededRandom('split scalars')
  const { vole, group } = wasmEcdsa()
  const [esid, vsid, seeds, delta, choices] = [random(32), random(32), random(8192), random(16), random(112)]
  const inputs = [0, 1, 2].map(() => group.randomScalar(random)) as never
  const { message, ...started } = vole.start(esid, seeds, choices)
  const multiply = () => vole.multiply(esid, vsid, chosen(seeds, delta), delta, message, inputs)!
  const { response } = multiply()

  test.each<[string, number, () => unknown]>([
    ['shares of a product', 64, multiply],
    ['a factor and shares', 96, () => vole.finish(vsid, started, choices, response)],
  ])('%s', (_, length, run) => {
    const copies = copiesOf(length, run)
    expect(copies).toHaveLength(1)
    expect(copies.every((copy) => copy.every((byte) => byte === 0))).toBe(true)
  })
})

/** Runs something, and gives the copies of bytes with one length that it made. */
function copiesOf(length: number, run: () => unknown): Uint8Array[] {
  const copies: Uint8Array[] = []
  const slice = Reflect.get(Uint8Array.prototype, 'slice') as (from?: number, to?: number) => Uint8Array
  const value = function (this: Uint8Array, from?: number, to?: number): Uint8Array {
    const copy = slice.call(this, from, to)
    if (copy.length === length) copies.push(copy)
    return copy
  }
  Object.defineProperty(Uint8Array.prototype, 'slice', { value, configurable: true })
  try {
    run()
  } finally {
    Reflect.deleteProperty(Uint8Array.prototype, 'slice')
  }
  return copies
}
