import { describe, expect, test } from 'vitest'

import type { Scalar } from '../../../../src/curve/group.ts'
import type { VoleArithmetic } from '../../../../src/protocol/ecdsa/ot/arithmetic.ts'
import { bit, hashColumnsVar, transpose } from '../../../../src/protocol/ecdsa/ot/bit-matrix.ts'
import { batchHasher, hashQuarters, u32 } from '../../../../src/protocol/ecdsa/ot/tagged-batch.ts'
import { portableVole } from '../../../../src/protocol/ecdsa/ot/vole.ts'
import { wasmVole } from '../../../../src/protocol/ecdsa/ot/wasm-vole.ts'
import { CodecError } from '../../../../src/util/codec.ts'
import { concatBytes, toHex } from '../../../../src/util/bytes.ts'
import { mod, numberToBytes } from '../../../support/bigint-scalars.ts'
import { seededRandom, type SeededRandom } from '../../../support/random.ts'
import { flip } from '../../../support/simulator.ts'
import { chosen } from '../support.ts'
import {
  checkOf,
  combine,
  honestResponse,
  matrixOf,
  N,
  senderOf,
  toBytes,
  toNumber,
  transcriptOf,
  vectorOf,
  weightsOf,
} from '../vole-by-hand.ts'

const encode = (value: bigint): Scalar => toBytes(value) as Scalar

function draw(random: SeededRandom) {
  const seeds = random(8192)
  const delta = random(16)
  return {
    esid: random(32),
    vsid: random(32),
    seeds,
    delta,
    multiplierSeeds: chosen(seeds, delta),
    choices: random(112),
    inputs: [0, 1, 2].map(() => encode(toNumber(random(32)))) as unknown as [Scalar, Scalar, Scalar],
  }
}

type Drawn = ReturnType<typeof draw>

function multiply(vole: VoleArithmetic, { esid, vsid, multiplierSeeds, delta, inputs }: Drawn, message: Uint8Array) {
  return vole.multiply(esid, vsid, multiplierSeeds, delta, message, inputs)
}

function run(bob: VoleArithmetic, alice: VoleArithmetic, input: Drawn) {
  const { esid, vsid, seeds, choices } = input
  const started = bob.start(esid, seeds, choices)
  const product = multiply(alice, input, started.message)!
  return { started, product, ended: bob.finish(vsid, started, choices, product.response)! }
}

describe.each([
  { name: 'wasm', bob: wasmVole, alice: wasmVole },
  { name: 'portable', bob: portableVole, alice: portableVole },
  { name: 'wasm with portable', bob: wasmVole, alice: portableVole },
  { name: 'portable with wasm', bob: portableVole, alice: wasmVole },
])('vector OLE, $name', ({ bob, alice }) => {
  test('the shares add up to the inputs times β', () => {
    const random = seededRandom()
    const edges = [encode(0n), encode(1n), encode(N - 1n)] as [Scalar, Scalar, Scalar]
    for (const input of [draw(random), { ...draw(random), inputs: edges }]) {
      const { product, ended } = run(bob, alice, input)
      const factor = toNumber(ended.factor)
      expect(factor).not.toBe(0n)
      for (const k of [0, 1] as const) {
        const sum = mod(toNumber(product.shares[k]) + toNumber(ended.shares[k]), N)
        expect(sum).toBe(mod(toNumber(input.inputs[k]) * factor, N))
      }
    }
  })

  test('choices and Δ of all zeros and all ones work too', () => {
    const random = seededRandom()
    for (const byte of [0x00, 0xff]) {
      const drawn = draw(random)
      const delta = new Uint8Array(16).fill(byte)
      const multiplierSeeds = chosen(drawn.seeds, delta)
      const input = { ...drawn, delta, multiplierSeeds, choices: new Uint8Array(112).fill(byte) }
      const { product, ended } = run(bob, alice, input)
      const sum = mod(toNumber(product.shares[0]) + toNumber(ended.shares[0]), N)
      expect(sum).toBe(mod(toNumber(input.inputs[0]) * toNumber(ended.factor), N))
    }
  })
})

test('both backends give the same bytes, and those that the description gives', () => {
  const random = seededRandom()
  const input = draw(random)
  const [a, b] = [portableVole, wasmVole].map((vole) => run(vole, vole, input))
  expect(toHex(a!.started.message)).toBe(toHex(b!.started.message))
  expect(toHex(a!.started.rows)).toBe(toHex(b!.started.rows))
  expect(toHex(a!.started.transcript)).toBe(toHex(b!.started.transcript))
  expect(toHex(a!.product.response)).toBe(toHex(b!.product.response))
  const results = ({ product, ended }: ReturnType<typeof run>) =>
    [...product.shares, ended.factor, ...ended.shares].map(toHex)
  expect(results(a!)).toEqual(results(b!))

  const { message, transcript } = b!.started
  expect(toHex(transcript)).toBe(toHex(transcriptOf(input.esid, message)))
  const inputs = input.inputs.map((one) => toNumber(one))
  const byHand = honestResponse(senderOf({ ...input, message }), inputs)
  expect(toHex(byHand.response)).toBe(toHex(b!.product.response))
  expect(byHand.shares).toEqual(b!.product.shares.map((one) => toNumber(one)))
})

describe.each([
  { name: 'wasm', vole: wasmVole },
  { name: 'portable', vole: portableVole },
])('the checks of vector OLE on $name', ({ name, vole }) => {
  const places = (random: SeededRandom, length: number): number[] =>
    name === 'wasm' ? Array.from({ length: 100 }, () => random.int(0, length - 1)) : [random.int(0, length - 1)]

  test('any flipped bit of the extension is noticed', () => {
    const random = seededRandom()
    const input = draw(random)
    const { message } = vole.start(input.esid, input.seeds, input.choices)
    for (const at of places(random, message.length)) {
      expect(multiply(vole, input, flip(message, at))).toBeUndefined()
    }
  })

  test('any flipped bit of the response is noticed', () => {
    const random = seededRandom()
    const input = draw(random)
    const { started, product } = run(vole, vole, input)
    for (const at of places(random, product.response.length)) {
      // A flip of the top bits may leave the scalar field, which is refused as malformed.
      const finish = () => vole.finish(input.vsid, started, input.choices, flip(product.response, at))
      // χ is another one, so that a changed row shows in all others, used or not.
      expect(verdict(finish)).not.toBe('accepted')
    }
  })

  test('an extension or a response of another session is noticed', () => {
    const random = seededRandom()
    const input = draw(random)
    const { started, product } = run(vole, vole, input)
    const { message, transcript } = started
    expect(multiply(vole, { ...input, esid: random(32) }, message)).toBeUndefined()
    expect(vole.finish(random(32), started, input.choices, product.response)).toBeUndefined()
    const elsewhere = { ...started, transcript: flip(transcript, 0) }
    expect(vole.finish(input.vsid, elsewhere, input.choices, product.response)).toBeUndefined()
  })

  test('a number of the response that is not below the order is malformed, not a cheat', () => {
    const random = seededRandom()
    const input = draw(random)
    const { started, product } = run(vole, vole, input)
    for (const at of [0, 73_728 - 32, 73_760]) {
      const bad = product.response.slice()
      bad.set(numberToBytes('secp256k1', N), at)
      expect(() => vole.finish(input.vsid, started, input.choices, bad)).toThrow(CodecError)
    }
    // H(u) is no number.
    const hashed = product.response.slice().fill(0xff, 73_728, 73_760)
    expect(vole.finish(input.vsid, started, input.choices, hashed)).toBeUndefined()
  })

  /**
   * Why a detection must be the last one (row 2 of docs/security.md#attacks-that-are-tested): a
   * receiver that uses other choices in one column is noticed just if Δ has a one there. Each try would tell a bit.
   */
  test('a lie in one column is noticed exactly where Δ has a one', () => {
    const random = seededRandom()
    const input = draw(random)
    const { delta } = input
    const columns = name === 'wasm' ? Array.from({ length: 128 }, (_, i) => i) : [0, 127]
    for (const column of columns) {
      const message = cheatInColumn(vole, input, column)
      expect(multiply(vole, input, message) !== undefined).toBe(bit(delta, column) === 0)
    }
  })

  /** Honest but for the first row of its kind, whose input is changed after χ was known. */
  function afterChi(input: Drawn, row: number) {
    const { message, ...started } = vole.start(input.esid, input.seeds, input.choices)
    const sender = senderOf({ ...input, message })
    const inputs = input.inputs.map((one) => toNumber(one))
    const first = matrixOf(sender, () => inputs)
    const { chi } = weightsOf(sender, first)
    // Inconsistent, and yet of the same combination under the weights of the first matrix.
    const shifted = [inputs[0]! + 1n, inputs[1]!, inputs[2]! - chi[0]]
    const matrix = matrixOf(sender, (j) => (j === row ? shifted : inputs))
    return { started, sender, inputs, chi, matrix, shifted }
  }

  test('a matrix that is changed to suit χ has another χ', () => {
    const random = seededRandom()
    const input = draw(random)
    const used = Array.from({ length: 768 }, (_, j) => j).find((j) => bit(input.choices, j) === 1)!
    const { started, sender, inputs, chi, matrix, shifted } = afterChi(input, used)
    expect(combine(shifted, chi)).toBe(combine(inputs, chi))
    const { digest, chi: other } = weightsOf(sender, matrix)
    expect(other).not.toEqual(chi)
    // With the old weights, or the new ones: the row does not fit.
    for (const weights of [chi, other]) {
      const response = concatBytes(matrix, checkOf(sender, digest, weights), toBytes(combine(inputs, weights)))
      expect(vole.finish(input.vsid, started, input.choices, response)).toBeUndefined()
    }
  })

  test('a row that nobody uses may be anything, and gives another vector: none suits a source that is chosen first', () => {
    const random = seededRandom()
    const input = draw(random)
    const unused = Array.from({ length: 768 }, (_, j) => j).find((j) => bit(input.choices, j) === 0)!
    const { started, sender, inputs, matrix } = afterChi(input, unused)
    const { digest, chi } = weightsOf(sender, matrix)
    const [check, v] = [checkOf(sender, digest, chi), toBytes(combine(inputs, chi))]
    const ended = vole.finish(input.vsid, started, input.choices, concatBytes(matrix, check, v))!
    // The lie passed, since the sender has guessed a choice. It knows which choices pass only once g is another one.
    const honest = run(vole, vole, input).ended
    expect(toHex(ended.factor)).not.toBe(toHex(honest.factor))
    const vector = vectorOf(digest, check, v)
    const expected = vector.reduce((sum, g, j) => sum + g * BigInt(bit(input.choices, j)), 0n)
    expect(toNumber(ended.factor)).toBe(mod(expected, N))
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
function cheatInColumn(vole: VoleArithmetic, honest: Drawn, column: number): Uint8Array {
  const { message } = vole.start(honest.esid, honest.seeds, honest.choices)
  return rehash(honest, flip(message.slice(0, 14_336), column * 112))
}

/** x and t as an honest receiver computes them, under the challenges of another u. */
function rehash({ esid, seeds, choices }: Drawn, u: Uint8Array) {
  const chi = batchHasher('ote-chi', hashQuarters('ote-u', esid, u))
  const challenges = [0, 1, 2, 3, 4, 5].map((j) => chi(u32(j)).slice(0, 16))
  const prg = batchHasher('ote-prg', esid)
  const columns = Array.from({ length: 128 }, (_, i) => {
    const seed = seeds.slice(32 * (2 * i + 1), 32 * (2 * i + 2))
    return concatBytes(...[0, 1, 2, 3].map((c) => prg(concatBytes(seed, u32(i), u32(1), u32(c))))).slice(0, 112)
  })
  const t = hashColumnsVar(transpose(columns), challenges)
  const [x] = hashColumnsVar(transpose(Array.from({ length: 128 }, () => choices)), challenges)
  return concatBytes(u, x as Uint8Array, ...t)
}
