import { MpcError } from '../errors.ts'
import type { Curve } from '../types.ts'
import { wasmBytes } from './text.ts'

/**
 * The exports of assembly/index.ts for one curve, where their names start with that of the curve. Arguments are offsets
 * into the arena, and counts. A returned number is a {@link CallStatus}.
 */
export interface CurveExports {
  checkScalar(a: number): number
  addScalars(r: number, a: number, b: number): void
  subtractScalars(r: number, a: number, b: number): void
  multiplyScalars(r: number, a: number, b: number): void
  invertScalar(r: number, a: number): number
  reduceWide(r: number, wide: number): void
  evaluatePolynomial(r: number, coefficients: number, xs: number, sums: number, count: number, xCount: number): void
  powerSums(r: number, weights: number, xs: number, count: number, xCount: number): void
  lagrangeCoefficients(r: number, xs: number, count: number, first: number, own: number): number
  decodePoints(r: number, bytes: number, count: number): number
  encodePoint(r: number, point: number): void
  addPoints(r: number, p: number, q: number): void
  subtractPoints(r: number, p: number, q: number): void
  negatePoint(r: number, p: number): void
  multiplyBase(r: number, scalars: number, count: number): void
  multiplyPoints(r: number, points: number, scalars: number, count: number): void
  combineVar(r: number, points: number, scalars: number, count: number, base: number): void
  evaluateCommitmentVar(r: number, commitment: number, xs: number, count: number, xCount: number): void
}

/** The exports of assembly/ot/exports.ts. Arguments are offsets into the arena of oblivious transfer, and counts. */
export interface OtExports {
  voleStart(
    labels: number,
    esid: number,
    seeds: number,
    choices: number,
    message: number,
    rows: number,
    transcript: number,
  ): void
  voleMultiply(
    labels: number,
    esid: number,
    vsid: number,
    seeds: number,
    delta: number,
    message: number,
    inputs: number,
    response: number,
    shares: number,
  ): number
  voleFinish(
    labels: number,
    vsid: number,
    rows: number,
    choices: number,
    transcript: number,
    response: number,
    results: number,
  ): number
  baseOtOffer(
    otSid: number,
    domain: number,
    domainLength: number,
    choices: number,
    exponents: number,
    strings: number,
    offers: number,
  ): void
  baseOtRespond(
    labels: number,
    otSid: number,
    domain: number,
    domainLength: number,
    offers: number,
    secret: number,
    z: number,
    keys: number,
    context: number,
  ): number
  baseOtFinish(
    labels: number,
    otSid: number,
    choices: number,
    exponents: number,
    offers: number,
    z: number,
    keys: number,
    context: number,
  ): number
  reversedOtReceive(
    labels: number,
    vsid: number,
    seeds: number,
    choices: number,
    message: number,
    rows: number,
    keys: number,
  ): void
  reversedOtSend(labels: number, vsid: number, seeds: number, delta: number, message: number, keys: number): number
  hashToCurve(
    out: number,
    uniform: number,
    messages: number,
    length: number,
    count: number,
    domain: number,
    domainLength: number,
  ): void
}

/**
 * The status codes of assembly/memory.ts and assembly/ot/memory.ts: the input is valid, is malformed, has no defined
 * result, or is that of a cheater. test/wasm/mirror.node.test.ts compares them.
 */
export const CallStatus = { ok: 0, invalid: 1, undefined: 2, cheat: 3 } as const

/** Exports, and the arena that their arguments are offsets into. */
export interface Part<Exports> {
  readonly exports: Exports
  /** Offset of the arena in the memory. */
  readonly arena: number
  /** Length of the arena in bytes. */
  readonly arenaBytes: number
}

/** The parts of the module. The curves share an arena; oblivious transfer has its own. */
export interface Parts extends Readonly<Record<Curve, Part<CurveExports>>> {
  readonly ot: Part<OtExports>
}

/** An instance of the module. */
export interface Core {
  readonly parts: Parts
  /** A view of the whole memory. It stays valid, because the size of the memory is fixed. */
  readonly memory: Uint8Array
}

let module: WebAssembly.Module | undefined
let shared: Core | undefined

/**
 * The one shared instance. The module is compiled and instantiated at the first use, synchronously: browsers allow that on
 * the main thread for a module of this size.
 *
 * @throws {WASM_UNAVAILABLE} if WebAssembly is missing, lacks SIMD, or is refused by a content security policy
 */
export function sharedCore(): Core {
  shared ??= instantiate()
  return shared
}

/** Sets the module that instances are made of; the caller has checked that it is that of this package. */
export function provideModule(compiled: WebAssembly.Module): void {
  module = compiled
}

/** Wipes and drops the instance after a trap, because its memory may still hold secrets. */
export function dropCore(): void {
  shared?.memory.fill(0)
  shared = undefined
}

function instantiate(): Core {
  try {
    module ??= new WebAssembly.Module(wasmBytes())
    const { exports } = new WebAssembly.Instance(module)
    const { memory, arena, arenaBytes, otArena, otArenaBytes } = exports as unknown as {
      readonly memory: WebAssembly.Memory
      readonly arena: () => number
      readonly arenaBytes: () => number
      readonly otArena: () => number
      readonly otArenaBytes: () => number
    }
    const curve = { arena: arena(), arenaBytes: arenaBytes() }
    return {
      parts: {
        secp256k1: { exports: exportsOf(exports, 'secp256k1'), ...curve },
        ed25519: { exports: exportsOf(exports, 'ed25519'), ...curve },
        ot: { exports: exports as unknown as OtExports, arena: otArena(), arenaBytes: otArenaBytes() },
      },
      memory: new Uint8Array(memory.buffer),
    }
  } catch (cause) {
    throw new MpcError(
      'WASM_UNAVAILABLE',
      'WebAssembly is not available in this runtime: see reshare/module and reshare/portable',
      { cause },
    )
  }
}

/** The exports of one curve, by their names without that of the curve. */
function exportsOf(exports: WebAssembly.Exports, curve: Curve): CurveExports {
  const own = Object.entries(exports).filter(([name]) => name.startsWith(curve))
  const strip = (name: string): string => name.charAt(curve.length).toLowerCase() + name.slice(curve.length + 1)
  return Object.fromEntries(own.map(([name, run]) => [strip(name), run])) as unknown as CurveExports
}
