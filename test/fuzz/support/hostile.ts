import type { RandomSource } from '../../../src/util/random.ts'

/** A value of the wrong nature, made anew for each call, and what to call it where a test fails. */
export type Hostile = readonly [name: string, make: () => unknown]

/** Of any engine, and of nobody's code: what an unchecked argument ends in. */
const OF_THE_ENGINE =
  /Cannot (?:read|set|destructure|convert|mix|assign|define|delete|use|perform)|is not (?:a function|iterable|a constructor|an object|extensible)|(?:undefined|null) is not|not callable|incompatible receiver|circular structure|BigInt|Symbol value|Invalid array length|stack size|read only property|object null/

/** Whether an error is a TypeError or RangeError that the engine made of an argument that nobody looked at. */
export function isOfTheEngine(message: string): boolean {
  // A revoked proxy throws by itself, as a getter may.
  return OF_THE_ENGINE.test(message) && !message.includes('proxy that has been revoked')
}

/** What a hostile getter throws: the caller's own, and no failure of what reads it. */
export const THROWN = new Error('thrown by the argument')

const PRIMITIVES: readonly Hostile[] = [
  ['undefined', () => undefined],
  ['null', () => null],
  ['true', () => true],
  ['NaN', () => Number.NaN],
  ['-1', () => -1],
  ['1.5', () => 1.5],
  ['2^53', () => 2 ** 53],
  ['a bigint', () => 1n],
  ['a symbol', () => Symbol('hostile')],
  ['no text', () => ''],
  ['text', () => 'text'],
  ['half a surrogate pair', () => '\ud800'],
  ['a NUL', () => 'a\0b'],
  ['long text', () => 'x'.repeat(100_000)],
]

const OBJECTS: readonly Hostile[] = [
  ['a function', () => () => undefined],
  ['an empty object', () => ({})],
  ['an object without a prototype', () => Object.create(null)],
  ['a polluted prototype', () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}')],
  ['a frozen object', () => Object.freeze({})],
  ['an empty list', () => []],
  ['a sparse list', () => new Array(5)],
  ['a list of nothing', () => [undefined, null]],
  ['a map', () => new Map([['a', 1]])],
  ['a date', () => new Date(Number.NaN)],
  ['a promise', () => Promise.resolve(1)],
  [
    'a cycle',
    () => {
      const cycle: Record<string, unknown> = {}
      cycle['self'] = cycle
      return cycle
    },
  ],
  ['a revoked proxy', () => revoked()],
  ['a proxy of nothing', () => new Proxy({}, {})],
  ['a proxy that throws', () => throwing()],
]

const BYTES: readonly Hostile[] = [
  ['no bytes', () => new Uint8Array()],
  ['one byte', () => new Uint8Array(1)],
  ['zeros', () => new Uint8Array(32)],
  ['many bytes', () => new Uint8Array(100_000)],
  ['floats', () => new Float64Array(32)],
  ['clamped bytes', () => new Uint8ClampedArray(32)],
  ['a view', () => new DataView(new ArrayBuffer(32))],
  ['a buffer', () => new ArrayBuffer(32)],
  ['bytes that lie', () => Object.defineProperty(new Uint8Array(1), 'length', { value: 32 })],
  ['a proxy of bytes', () => new Proxy(new Uint8Array(32), {})],
  [
    'detached bytes',
    () => {
      const bytes = new Uint8Array(32)
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
      return bytes
    },
  ],
]

/** Every kind of value that an argument can be and should not. */
export const HOSTILE: readonly Hostile[] = [...PRIMITIVES, ...OBJECTS, ...BYTES]

/** One of them. */
export function pick(random: RandomSource): Hostile {
  return HOSTILE[(random(1)[0] as number) % HOSTILE.length] as Hostile
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function throwing(): unknown {
  const fail = () => {
    throw THROWN
  }
  return new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail })
}
