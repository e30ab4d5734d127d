import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../../src/curve/group.ts'
import type { VoleArithmetic } from '../../../src/protocol/ecdsa/arithmetic.ts'
import { bit, hashColumnsVar, transpose } from '../../../src/protocol/ecdsa/bit-matrix.ts'
import { batchHasher, hashQuarters, u32 } from '../../../src/protocol/ecdsa/tagged-batch.ts'
import { portableVole } from '../../../src/protocol/ecdsa/vole.ts'
import { wasmVole } from '../../../src/protocol/ecdsa/wasm-vole.ts'
import { CodecError } from '../../../src/util/codec.ts'
import { concatBytes, toHex } from '../../../src/util/bytes.ts'
import { bytesToNumber, mod, numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'
import { chosen } from './support.ts'

const N = ORDER.secp256k1
const number = (bytes: Uint8Array): bigint => bytesToNumber('secp256k1', bytes)
const encode = (value: bigint): Scalar => numberToBytes('secp256k1', mod(value, N)) as Scalar

function draw(random: SeededRandom) {
  const seeds = random(8192)
  const delta = random(16)
  return {
    vsid: random(32),
    setId: random(32),
    seeds,
    delta,
    multiplierSeeds: chosen(seeds, delta),
    choices: random(68),
    inputs: [0, 1, 2].map(() => encode(number(random(32)))) as unknown as [Scalar, Scalar, Scalar],
  }
}

function run(bob: VoleArithmetic, alice: VoleArithmetic, input: ReturnType<typeof draw>) {
  const { vsid, setId, seeds, delta, multiplierSeeds, choices, inputs } = input
  const gadgets = alice.gadgets(setId)
  const started = bob.start(vsid, gadgets, seeds, choices)
  const product = alice.multiply(vsid, gadgets, multiplierSeeds, delta, started.message, inputs)
  const shares = bob.finish(vsid, gadgets, started.rows, choices, product!.answer)
  return { gadgets, started, product: product!, shares: shares! }
}

describe.each([
  { name: 'wasm', bob: wasmVole, alice: wasmVole },
  { name: 'portable', bob: portableVole, alice: portableVole },
  { name: 'wasm with portable', bob: wasmVole, alice: portableVole },
  { name: 'portable with wasm', bob: portableVole, alice: wasmVole },
])('vector OLE, $name', ({ bob, alice }) => {
  test('the shares add up to the inputs times χ', () => {
    const random = seededRandom()
    const edges = [encode(0n), encode(1n), encode(N - 1n)] as [Scalar, Scalar, Scalar]
    for (const input of [draw(random), { ...draw(random), inputs: edges }]) {
      const { gadgets, started, product, shares } = run(bob, alice, input)
      let chi = 0n
      for (let j = 0; j < 416; j++) if (bit(input.choices, j)) chi += number(gadgets.slice(32 * j, 32 * (j + 1)))
      expect(number(started.chi)).toBe(mod(chi, N))
      for (const k of [0, 1] as const) {
        expect(mod(number(product.shares[k]) + number(shares[k]), N)).toBe(mod(number(input.inputs[k]) * chi, N))
      }
    }
  })

  test('choices and Δ of all zeros and all ones work too', () => {
    const random = seededRandom()
    for (const byte of [0x00, 0xff]) {
      const drawn = draw(random)
      const delta = new Uint8Array(16).fill(byte)
      const multiplierSeeds = chosen(drawn.seeds, delta)
      const input = { ...drawn, delta, multiplierSeeds, choices: new Uint8Array(68).fill(byte) }
      const { started, product, shares } = run(bob, alice, input)
      const sum = mod(number(product.shares[0]) + number(shares[0]), N)
      expect(sum).toBe(mod(number(input.inputs[0]) * number(started.chi), N))
    }
  })
})

test('both backends give the same bytes', () => {
  const random = seededRandom()
  const input = draw(random)
  const [a, b] = [portableVole, wasmVole].map((vole) => run(vole, vole, input))
  expect(toHex(a!.gadgets)).toBe(toHex(b!.gadgets))
  expect(toHex(a!.started.message)).toBe(toHex(b!.started.message))
  expect(toHex(a!.started.rows)).toBe(toHex(b!.started.rows))
  expect(toHex(a!.product.answer)).toBe(toHex(b!.product.answer))
  expect([...a!.product.shares, ...a!.shares].map(toHex)).toEqual([...b!.product.shares, ...b!.shares].map(toHex))
})

describe.each([
  { name: 'wasm', vole: wasmVole },
  { name: 'portable', vole: portableVole },
])('the checks of vector OLE on $name', ({ name, vole }) => {
  const places = (random: SeededRandom, length: number): number[] =>
    name === 'wasm' ? Array.from({ length: 100 }, () => random.int(0, length - 1)) : [random.int(0, length - 1)]

  test('any flipped bit of the extension is noticed', () => {
    const random = seededRandom()
    const { vsid, setId, seeds, delta, multiplierSeeds, choices, inputs } = draw(random)
    const gadgets = vole.gadgets(setId)
    const { message } = vole.start(vsid, gadgets, seeds, choices)
    for (const at of places(random, message.length)) {
      expect(vole.multiply(vsid, gadgets, multiplierSeeds, delta, flip(message, at), inputs)).toBeUndefined()
    }
  })

  test('any flipped bit of the answer is noticed', () => {
    const random = seededRandom()
    const { vsid, setId, seeds, delta, multiplierSeeds, choices, inputs } = draw(random)
    const gadgets = vole.gadgets(setId)
    const { message, rows } = vole.start(vsid, gadgets, seeds, choices)
    const { answer } = vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)!
    for (const at of places(random, answer.length)) {
      // A flip of the top bits may leave the scalar field, which is refused as malformed.
      const finish = () => vole.finish(vsid, gadgets, rows, choices, flip(answer, at))
      expect(verdict(finish)).not.toBe('accepted')
    }
  })

  test('an extension or an answer of another session is noticed', () => {
    const random = seededRandom()
    const { vsid, setId, seeds, delta, multiplierSeeds, choices, inputs } = draw(random)
    const gadgets = vole.gadgets(setId)
    const other = random(32)
    const { message, rows } = vole.start(vsid, gadgets, seeds, choices)
    expect(vole.multiply(other, gadgets, multiplierSeeds, delta, message, inputs)).toBeUndefined()
    const { answer } = vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)!
    expect(vole.finish(other, gadgets, rows, choices, answer)).toBeUndefined()
  })

  test('a number of the answer that is not below the order is malformed, not a cheat', () => {
    const random = seededRandom()
    const { vsid, setId, seeds, delta, multiplierSeeds, choices, inputs } = draw(random)
    const gadgets = vole.gadgets(setId)
    const { message, rows } = vole.start(vsid, gadgets, seeds, choices)
    const { answer } = vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)!
    for (const at of [0, 39_904, 39_936]) {
      const bad = answer.slice()
      bad.set(numberToBytes('secp256k1', N), at)
      expect(() => vole.finish(vsid, gadgets, rows, choices, bad)).toThrow(CodecError)
    }
  })

  /**
   * Why a detection must be the last one (design section 9, row 2): a receiver that uses other choices in one column is
   * noticed just if Δ has a one there. Each try would tell a bit.
   */
  test('a cheat in one column is noticed exactly where Δ has a one', () => {
    const random = seededRandom()
    const { vsid, setId, delta, seeds, multiplierSeeds, choices, inputs } = draw(random)
    const gadgets = vole.gadgets(setId)
    const columns = name === 'wasm' ? Array.from({ length: 128 }, (_, i) => i) : [0, 127]
    for (const column of columns) {
      const message = cheatInColumn(vole, { vsid, gadgets, seeds, choices }, column)
      const accepted = vole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs) !== undefined
      expect(accepted).toBe(bit(delta, column) === 0)
    }
  })
})

function verdict(finish: () => unknown): string {
  try {
    return finish() === undefined ? 'cheat' : 'accepted'
  } catch (error) {
    if (error instanceof CodecError) return 'malformed'
    throw error
  }
}

/**
 * The message of a receiver with one other choice bit in one column and everything else consistent: u of the column has
 * a flipped bit and the seeds are as before, so u alone differs from an honest message, and all of t is recomputed under
 * the challenges of that u.
 */
function cheatInColumn(
  vole: VoleArithmetic,
  honest: { vsid: Uint8Array; gadgets: Uint8Array; seeds: Uint8Array; choices: Uint8Array },
  column: number,
): Uint8Array {
  const { message } = vole.start(honest.vsid, honest.gadgets, honest.seeds, honest.choices)
  return rehash(honest, flip(message.slice(0, 8704), column * 68))
}

/** x and t as an honest receiver computes them, under the challenges of another u. */
function rehash({ vsid, seeds, choices }: { vsid: Uint8Array; seeds: Uint8Array; choices: Uint8Array }, u: Uint8Array) {
  const chi = batchHasher('ote-chi', hashQuarters('ote-u', vsid, u))
  const challenges = [0, 1, 2, 3].map((j) => chi(u32(j)).slice(0, 16))
  const prg = batchHasher('ote-prg', vsid)
  const columns = Array.from({ length: 128 }, (_, i) => {
    const seed = seeds.slice(32 * (2 * i + 1), 32 * (2 * i + 2))
    return concatBytes(...[0, 1, 2].map((c) => prg(concatBytes(seed, u32(i), u32(1), u32(c))))).slice(0, 68)
  })
  const t = hashColumnsVar(transpose(columns), challenges)
  const [x] = hashColumnsVar(transpose(Array.from({ length: 128 }, () => choices)), challenges)
  return concatBytes(u, x as Uint8Array, ...t)
}
