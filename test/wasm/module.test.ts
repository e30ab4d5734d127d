import { describe, expect, test } from 'vitest'
import { CURVES } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import { callModule } from '../../src/wasm/call.ts'
import { sharedCore } from '../../src/wasm/instance.ts'
import { wasmBytes } from '../../src/wasm/text.ts'

const bytes = wasmBytes()

const PER_CURVE = [
  'AddPoints',
  'AddScalars',
  'CheckScalar',
  'CombineVar',
  'DecodePoints',
  'EncodePoint',
  'EvaluateCommitmentVar',
  'EvaluatePolynomial',
  'InvertScalar',
  'LagrangeCoefficients',
  'MultiplyBase',
  'MultiplyPoints',
  'MultiplyScalars',
  'NegatePoint',
  'PowerSums',
  'ReduceWide',
  'SubtractPoints',
  'SubtractScalars',
]

describe('the module', () => {
  const module = new WebAssembly.Module(bytes)

  test('imports nothing', () => {
    expect(WebAssembly.Module.imports(module)).toEqual([])
  })

  test('exports its memory, its arena and the arithmetic of both curves', () => {
    const names = WebAssembly.Module.exports(module).map(({ name }) => name)
    const arithmetic = CURVES.flatMap((curve) => PER_CURVE.map((name) => curve + name))
    expect(names).toEqual(expect.arrayContaining(['memory', 'arena', 'arenaBytes', ...arithmetic]))
    expect(names.filter((name) => /^(secp256k1|ed25519)/.test(name)).sort()).toEqual(arithmetic.sort())
  })

  test('takes and gives 32-bit numbers only', () => {
    const exports = new WebAssembly.Instance(module).exports
    const functions = Object.entries(exports).filter(([, value]) => typeof value === 'function')
    // A 64-bit parameter refuses a number, a 64-bit result is a bigint; the arguments point at zeros in the arena.
    const arena = (exports['arena'] as () => number)()
    for (const [name, run] of functions) {
      if (!/^(secp256k1|ed25519|arena)/.test(name)) continue
      const result = (run as (...values: number[]) => unknown)(arena, arena, arena, 0, 1)
      expect(['number', 'undefined'], name).toContain(typeof result)
    }
  })

  test('has a memory that cannot grow', () => {
    const { memory } = new WebAssembly.Instance(module).exports as { memory: WebAssembly.Memory }
    expect(() => memory.grow(1)).toThrow(RangeError)
  })
})

describe('a call', () => {
  test('refuses what does not fit, and leaves nothing behind', () => {
    const { memory, parts } = sharedCore()
    const { arena, arenaBytes } = parts.secp256k1
    const large = new Uint8Array(arenaBytes - 16).fill(0xaa)
    let hasRun = false
    expect(() => callModule('secp256k1', 32, [large], () => void (hasRun = true))).toThrow(RangeError)
    expect(() => callModule('secp256k1', 2 ** 31 - 8, [], () => void (hasRun = true))).toThrow(RangeError)
    expect(() => callModule('secp256k1', 0, [[large, large]], () => void (hasRun = true))).toThrow(RangeError)
    const text = 'not bytes' as unknown as Uint8Array
    for (const inputs of [[large.subarray(100), text], [[large.subarray(100), text]]]) {
      expect(() => callModule('secp256k1', 32, inputs, () => void (hasRun = true))).toThrow(TypeError)
    }
    for (const part of ['secp256k1', 'ot'] as const) {
      const { arenaBytes: most } = parts[part]
      expect(() => callModule(part, most + 16, [], () => void (hasRun = true))).toThrow(RangeError)
    }
    expect(sharedCore().memory).toBe(memory)
    expect(hasRun).toBe(false)
    expect(memory.subarray(arena, arena + arenaBytes).every((byte) => byte === 0)).toBe(true)
    expect(callModule('secp256k1', 16, [large], () => 7).status).toBe(7)
  })

  test('lays the parts of an input one behind the other, and inputs where vectors are aligned', () => {
    const { memory } = sharedCore()
    const seen: string[] = []
    const parts = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of()]
    const { bytes: result } = callModule('ed25519', 3, [parts, Uint8Array.of(9)], (_, r, a, b) => {
      expect([r % 16, a % 16, b % 16]).toEqual([0, 0, 0])
      seen.push(toHex(memory.slice(a, a + 4)), toHex(memory.slice(b, b + 1)))
      memory.set([5, 6, 7], r)
    })
    expect(seen).toEqual(['01020304', '09'])
    expect(toHex(result)).toBe('050607')
  })

  test('that traps wipes the whole memory and starts over with a new instance', () => {
    const before = sharedCore()
    const secret = new Uint8Array(32).fill(0x5a)
    expect(() => callModule('secp256k1', 32, [secret], (core, r) => core.multiplyBase(r, -1, 1))).toThrow(
      WebAssembly.RuntimeError,
    )
    expect(before.memory.every((byte) => byte === 0)).toBe(true)
    const after = sharedCore()
    expect(after).not.toBe(before)
    const one = new Uint8Array(32)
    one[31] = 1
    const { bytes: point } = callModule('secp256k1', 64, [one], (core, r, s) => core.multiplyBase(r, s, 1))
    expect(toHex(point).slice(0, 8)).toBe('9817f816')
  })
})
