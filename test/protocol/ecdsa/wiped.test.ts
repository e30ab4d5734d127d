import { describe, expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { sharedCore } from '../../../src/wasm/instance.ts'
import { seededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'
import { chosen } from './support.ts'

describe('the calls of oblivious transfer leave the memory of the module as it was', () => {
  const random = seededRandom('wiped ecdsa')
  const { vole, hashToCurve, group } = wasmEcdsa()
  const [vsid, seeds, delta, choices] = [random(32), random(8192), random(16), random(68)]
  const gadgets = vole.gadgets(random(32))
  const inputs = [0, 1, 2].map(() => group.randomScalar(random)) as never
  const multiplierSeeds = chosen(seeds, delta)
  const { message, rows } = vole.start(vsid, gadgets, seeds, choices)
  const { answer } = vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)!
  const malformed = answer.slice().fill(255, 0, 32)

  test.each<[string, () => unknown]>([
    ['gadgets', () => vole.gadgets(random(32))],
    ['start', () => vole.start(vsid, gadgets, seeds, choices)],
    ['multiply', () => vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)],
    ['multiply, of a cheat', () => vole.multiply(vsid, gadgets, multiplierSeeds, delta, flip(message, 0), inputs)],
    ['finish', () => vole.finish(vsid, gadgets, rows, choices, answer)],
    ['finish, of a cheat', () => vole.finish(vsid, gadgets, rows, choices, flip(answer, 31))],
    ['finish, malformed', () => expect(() => vole.finish(vsid, gadgets, rows, choices, malformed)).toThrow(CodecError)],
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
