import { expect, test } from 'vitest'

import { wasmEcdsa } from '../../../src/protocol/ecdsa/ot/backend.ts'
import { respondToOffers, makeOffers } from '../../../src/protocol/ecdsa/ot/base-ot.ts'
import {
  EXTENSION_BYTES,
  OFFERS_BYTES,
  PRODUCT_BYTES,
  REVERSED_BYTES,
  TRANSFERS,
} from '../../../src/protocol/ecdsa/ot/parameters.ts'
import { batchTagDigests } from '../../../src/protocol/ecdsa/ot/tagged-batch.ts'
import { wasmVole } from '../../../src/protocol/ecdsa/ot/wasm-vole.ts'
import type { Scalar } from '../../../src/curve/group.ts'
import { concatBytes } from '../../../src/util/bytes.ts'
import { wasmBytes } from '../../../src/wasm/text.ts'
import { numberToBytes, ORDER } from '../../support/bigint-scalars.ts'
import { traced } from '../../support/constant-time.ts'
import { seededRandom, type SeededRandom } from '../../support/random.ts'
import { chosen } from './support.ts'

// The exports of oblivious transfer in the shipped module, over secrets with edge cases: the branches they take and the
// addresses they touch must not depend on them (row 30 of
// docs/security.md#attacks-that-are-tested). Messages change with the secrets; their checks succeed, since a verdict is public.

const module = traced(wasmBytes())
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
  return { seeds, delta, choices: fill(112), inputs, multiplierSeeds: chosen(seeds, delta) }
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
  const [esid, vsid] = [random(32), random(32)]

  expectOneTrace((run) => {
    const { seeds, choices } = secrets(random, run)
    const results = [EXTENSION_BYTES, 16 * TRANSFERS, 32]
    const [message, rows, transcript, ...inputs] = lay(...results, labels, esid, seeds, choices)
    return () => exports['voleStart']?.(...inputs, message as number, rows as number, transcript as number)
  })

  expectOneTrace((run) => {
    const { seeds, choices, delta, multiplierSeeds, inputs } = secrets(random, run)
    const { message } = wasmVole.start(esid, seeds, choices)
    const all = [labels, esid, vsid, multiplierSeeds, delta, message, concatBytes(...inputs)]
    const [response, shares, ...places] = lay(PRODUCT_BYTES, 64, ...all)
    return () => expect(exports['voleMultiply']?.(...places, response as number, shares as number)).toBe(0)
  })

  expectOneTrace((run) => {
    const { seeds, choices, delta, multiplierSeeds, inputs } = secrets(random, run)
    const { message, rows, transcript } = wasmVole.start(esid, seeds, choices)
    const { response } = wasmVole.multiply(esid, vsid, multiplierSeeds, delta, message, inputs)!
    const [results, ...places] = lay(96, labels, vsid, rows, choices, transcript, response)
    return () => expect(exports['voleFinish']?.(...places, results as number)).toBe(0)
  })
})

test('the messages of base OTs', () => {
  const random = seededRandom()
  const { group } = wasmEcdsa()
  const [domain, otSid] = [random(60), random(32)]
  const labels = batchTagDigests()
  const choicesOf = (run: number, length = 16): Uint8Array =>
    run < 2 ? new Uint8Array(length).fill(run * 255) : random(length)
  const edges = [1n, ORDER.secp256k1 - 1n, 2n, 2n ** 255n].map((value) => numberToBytes('secp256k1', value) as Scalar)
  const scalarOf = (run: number): Scalar => edges[run] ?? group.randomScalar(random)
  const exponentsOf = (run: number): Uint8Array => concatBytes(...Array.from({ length: 128 }, () => scalarOf(run)))
  const call = (name: string, ...values: (number | undefined)[]): number =>
    exports[name]!(...(values as number[])) as number
  // The first call makes the table of the generator.
  group.multiplyBase(group.scalar(1))
  exports['secp256k1MultiplyBase']?.(arena, arena + 64, 1)

  expectOneTrace((run) => {
    const [offers, otSidAt, domainAt, ...inputs] = lay(
      ...[OFFERS_BYTES, otSid, domain, choicesOf(run), exponentsOf(run), choicesOf(run, 128 * 33)],
    )
    return () => call('baseOtOffer', otSidAt, domainAt, domain.length, ...inputs, offers)
  }, 6)

  const offers = makeOffers(wasmEcdsa(), otSid, random)
  expectOneTrace((run) => {
    const [z, keys, context, labelsAt, otSidAt, domainAt, offersAt, secret] = lay(
      ...[48, 8192, 32, labels, otSid, domain, offers.message, scalarOf(run)],
    )
    const inputs = [labelsAt, otSidAt, domainAt, domain.length, offersAt, secret]
    return () => expect(call('baseOtRespond', ...inputs, z, keys, context)).toBe(0)
  }, 6)

  const { message } = respondToOffers(wasmEcdsa(), otSid, offers.message, random)
  expectOneTrace((run) => {
    const inputs = [labels, otSid, choicesOf(run), exponentsOf(run), offers.message, message.subarray(0, 33)]
    const [keys, context, ...places] = lay(4096, 32, ...inputs)
    return () => expect(call('baseOtFinish', ...places, keys, context)).toBe(0)
  }, 6)

  const vsid = random(32)
  const receive = (run: number) => {
    const seeds = choicesOf(run, 8192)
    const [sent, rows, keys, ...places] = lay(...[REVERSED_BYTES, 2048, 4096, labels, vsid, seeds, choicesOf(run, 32)])
    return { seeds, sent: sent as number, run: () => call('reversedOtReceive', ...places, sent, rows, keys) }
  }
  expectOneTrace((run) => receive(run).run, 6)
  expectOneTrace((run) => {
    const received = receive(run)
    received.run()
    const sent = memory.slice(received.sent, received.sent + REVERSED_BYTES)
    const delta = choicesOf(run)
    const [keys, ...places] = lay(8192, labels, vsid, chosen(received.seeds, delta), delta, sent)
    return () => expect(call('reversedOtSend', ...places, keys)).toBe(0)
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
