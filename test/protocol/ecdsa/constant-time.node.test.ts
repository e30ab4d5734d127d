import { expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/backend.ts'
import { answerBaseOt, startBaseOt } from '../../../src/protocol/ecdsa/base-ot.ts'
import { OT1_BYTES, OT2_BYTES, TRANSFERS, VOLE1_BYTES, VOLE2_BYTES } from '../../../src/protocol/ecdsa/parameters.ts'
import { batchTagDigests } from '../../../src/protocol/ecdsa/tagged-batch.ts'
import { wasmVole } from '../../../src/protocol/ecdsa/wasm-vole.ts'
import type { Scalar } from '../../../src/curve/group.ts'
import { concatBytes, fromHex } from '../../../src/util/bytes.ts'
import { WASM_HEX } from '../../../src/wasm/generated.ts'
import { numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { traced } from '../../support/constant-time.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { chosen } from './support.ts'

// The exports of oblivious transfer in the shipped module, over secrets with edge cases: the branches they take and the
// addresses they touch must not depend on them (design section 9, row 30). Messages change with the secrets; their
// checks succeed, since a verdict is public.

const module = traced(fromHex(WASM_HEX))
const { exports, memory } = module
const arena = exports['otArena']?.() as number
const RUNS = 12

/** Lays byte strings into the arena, and tells where; numbers reserve room for results. */
function lay(...parts: readonly (Uint8Array | number)[]): number[] {
  let at = arena
  return parts.map((part) => {
    const place = at
    if (typeof part !== 'number') memory.set(part, place)
    at += ((typeof part === 'number' ? part : part.length) + 15) & -16
    return place
  })
}

/** Secrets of a multiplication; the first runs have them all zeros, all ones, the least and the greatest. */
function secrets(random: SeededRandom, run: number) {
  const fill = (length: number): Uint8Array => (run < 2 ? new Uint8Array(length).fill(run * 255) : random(length))
  const number = (): Scalar => {
    const edges = [0n, ORDER.secp256k1 - 1n, 1n, 2n ** 255n]
    const random31 = random(32)
    random31[0] = 0x7f
    return (run < edges.length ? numberToBytes('secp256k1', edges[run] as bigint) : random31) as Scalar
  }
  const seeds = fill(8192)
  const delta = fill(16)
  const inputs = [number(), number(), number()] as const
  return { seeds, delta, choices: fill(68), inputs, multiplierSeeds: chosen(seeds, delta) }
}

function expectOneTrace(prepare: (run: number) => () => void, count = RUNS): void {
  const runs = Array.from({ length: count }, (_, run) => () => prepare(run)())
  const tracedRun = (run: number) => {
    const call = prepare(run)
    return module.trace(call)
  }
  const first = tracedRun(0)
  expect(first.events).toBeGreaterThan(1000)
  for (let run = 1; run < count; run++) {
    const trace = tracedRun(run)
    if (trace.hash === first.hash && trace.events === first.events) continue
    expect.fail(`differs in run ${run}: ${module.firstDifference(runs[0] as () => void, runs[run] as () => void)}`)
  }
}

test('the messages and the check of vector OLE', () => {
  const random = seededRandom()
  const labels = batchTagDigests()
  const [vsid, setId] = [random(32), random(32)]
  const gadgets = wasmVole.gadgets(setId)

  expectOneTrace((run) => {
    const { seeds, choices } = secrets(random, run)
    const [message, rows, chi, ...inputs] = lay(VOLE1_BYTES, 16 * TRANSFERS, 32, labels, vsid, gadgets, seeds, choices)
    return () => exports['voleStart']?.(...inputs, message as number, rows as number, chi as number)
  })

  expectOneTrace((run) => {
    const { seeds, choices, delta, multiplierSeeds, inputs } = secrets(random, run)
    const { message } = wasmVole.start(vsid, gadgets, seeds, choices)
    const values = new Uint8Array(96)
    for (const [k, input] of inputs.entries()) values.set(input, 32 * k)
    const all = [labels, vsid, gadgets, multiplierSeeds, delta, message, values]
    const [answer, shares, ...places] = lay(VOLE2_BYTES, 64, ...all)
    return () => expect(exports['voleMultiply']?.(...places, answer as number, shares as number)).toBe(0)
  })

  expectOneTrace((run) => {
    const { seeds, choices, delta, multiplierSeeds, inputs } = secrets(random, run)
    const { message, rows } = wasmVole.start(vsid, gadgets, seeds, choices)
    const { answer } = wasmVole.multiply(vsid, gadgets, multiplierSeeds, delta, message, inputs)!
    const [shares, ...places] = lay(64, labels, vsid, gadgets, rows, choices, answer)
    return () => expect(exports['voleFinish']?.(...places, shares as number)).toBe(0)
  })
})

test('the messages of base OTs', () => {
  const random = seededRandom()
  const { group } = wasmEcdsa()
  const domain = random(60)
  const about = concatBytes(random(64), domain)
  const drawn = (): Scalar[] => Array.from({ length: 128 }, () => group.randomScalar(random))
  const all = (scalar: Scalar): Scalar[] => Array.from({ length: 128 }, () => scalar)
  const choicesOf = (run: number): Uint8Array => (run < 2 ? new Uint8Array(16).fill(run * 255) : random(16))
  const scalarsOf = (run: number): Uint8Array => {
    const edges = [1n, ORDER.secp256k1 - 1n, 2n, 2n ** 255n].map((value) => numberToBytes('secp256k1', value) as Scalar)
    return concatBytes(...(run < edges.length ? all(edges[run] as Scalar) : drawn()))
  }
  // The first call makes the table of the generator.
  group.multiplyBase(group.scalar(1))
  exports['secp256k1MultiplyBase']?.(arena, arena + 64, 1)

  expectOneTrace((run) => {
    const scalars = concatBytes(scalarsOf(run), scalarsOf(run + 1))
    const [message, ...inputs] = lay(OT1_BYTES, about, choicesOf(run), scalars) as [number, number, number, number]
    return () => exports['baseOtOffer']?.(inputs[0], domain.length, inputs[1], inputs[2], message)
  }, 6)

  const receiver = startBaseOt(wasmEcdsa(), random(32), random)
  expectOneTrace((run) => {
    const places = lay(OT2_BYTES, 8192, about, receiver.message, scalarsOf(run)) as [
      number,
      number,
      number,
      number,
      number,
    ]
    const [reply, keys, aboutAt, offer, secrets] = places
    return () => expect(exports['baseOtAnswer']?.(aboutAt, domain.length, offer, secrets, reply, keys)).toBe(0)
  }, 6)

  const { message: reply } = answerBaseOt(wasmEcdsa(), random(32), receiver.message, random)
  expectOneTrace((run) => {
    const [keys, ...inputs] = lay(4096, about, choicesOf(run), scalarsOf(run), receiver.message, reply)
    return () => expect(exports['baseOtFinish']?.(...inputs, keys as number)).toBe(0)
  }, 6)
})

test('hashing to the curve', () => {
  const random = seededRandom()
  const length = 70
  expectOneTrace((run) => {
    const messages = run < 2 ? new Uint8Array(4 * length).fill(255 * run) : random(4 * length)
    const [out, uniform, at, domain] = lay(4 * 64, 4 * 96, messages, new Uint8Array(60).fill(97)) as [
      number,
      number,
      number,
      number,
    ]
    return () => exports['hashToCurve']?.(out, uniform, at, length, 4, domain, 60)
  })
})
