import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { abytes, isBytes, lengthOf } from '../../src/util/bytes.ts'
import { isMpcError, isProtocolError, MpcError, ProtocolError } from '../../src/errors.ts'
import { errorMessage, errorName, isArgumentError, isDomException } from '../../src/util/brand.ts'
import { hashMessage } from '../../src/protocol/ecdsa/signing/digest.ts'
import { Reader, Writer } from '../../src/util/codec.ts'
import { callModule } from '../../src/wasm/call.ts'
import { taggedHash, type Part } from '../../src/util/tagged-hash.ts'

const elsewhere = (source: string): unknown => runInNewContext(source)

test('bytes of another realm come out as bytes of this one', () => {
  for (const source of ['new Uint8Array([1, 2, 3])', 'new (class extends Uint8Array {})([1, 2, 3])']) {
    const foreign = elsewhere(source)
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect(abytes(foreign, 3, 'value')).toStrictEqual(Uint8Array.of(1, 2, 3))
  }
  for (const other of ['new Uint8ClampedArray(3)', 'new DataView(new ArrayBuffer(3))', '[1, 2, 3]']) {
    expect(isBytes(elsewhere(other))).toBe(false)
  }
  expect(abytes(Buffer.from([1, 2, 3]), 3, 'value')).toStrictEqual(Uint8Array.of(1, 2, 3))
})

test('shared and resizable memory is copied, and memory that has shrunk is refused', () => {
  // Not in the types of this version.
  type Resizable = ArrayBuffer & { resize(length: number): void }
  const resizable = new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(4, {
    maxByteLength: 8,
  })
  for (const buffer of [new SharedArrayBuffer(4), resizable]) {
    const value = new Uint8Array(buffer).fill(7)
    const out = abytes(value, 4, 'value')
    value.fill(0)
    expect(out).toEqual(Uint8Array.of(7, 7, 7, 7))
    expect(Object.prototype.toString.call(out.buffer)).toBe('[object ArrayBuffer]')
  }
  const window = new Uint8Array(resizable, 0, 4)
  resizable.resize(2)
  expect(() => lengthOf(window, 'value')).toThrow(TypeError)
})

test('a tagged hash is of what it was given, wherever that is from', () => {
  const own = Uint8Array.of(1, 2, 3)
  const foreign = elsewhere('new Uint8Array([1, 2, 3])') as Uint8Array
  expect(taggedHash('t', foreign)).toEqual(taggedHash('t', own))
  expect(taggedHash('t', elsewhere('[new Uint8Array([1, 2, 3])]') as Part)).toEqual(taggedHash('t', [own]))
  const lying = Object.defineProperty(own.slice(), 'length', { value: 1 })
  expect(taggedHash('t', lying)).toEqual(taggedHash('t', own))
})

test('a tagged hash refuses what has no bytes', () => {
  const sparse = new Array<Uint8Array>(2)
  const refused: unknown[] = ['abc', '', null, undefined, {}, { length: 3 }, new Float64Array(2), new Uint16Array(2)]
  refused.push(
    new ArrayBuffer(3),
    new DataView(new ArrayBuffer(3)),
    new Uint8ClampedArray(3),
    true,
    1n,
    () => 0,
    sparse,
  )
  refused.push(['ab'], [[Uint8Array.of(1)]], new Set([Uint8Array.of(1)]), [1, 2], new Proxy(new Uint8Array(3), {}))
  for (const part of refused) expect(() => taggedHash('t', part as Part)).toThrow(TypeError)
  for (const part of [-1, 2 ** 32, 1.5, Number.NaN, Infinity]) expect(() => taggedHash('t', part)).toThrow(RangeError)
  expect(() => taggedHash('t', Symbol('part') as unknown as Part)).toThrow(TypeError)
})

test('a hash that was refused leaves nothing for the next one', () => {
  const before = taggedHash('t', Uint8Array.of(1))
  expect(() => taggedHash('t', Uint8Array.of(9), 'x' as unknown as Part)).toThrow(TypeError)
  expect(taggedHash('t', Uint8Array.of(1))).toEqual(before)
})

test('the arithmetic refuses inputs that are not bytes', () => {
  const inputs = [new Float64Array(4), 'abcd', [[1]], { length: 1 }] as unknown as Uint8Array[]
  for (const input of inputs) expect(() => callModule('secp256k1', 32, [input], () => 0)).toThrow(TypeError)
})

test('errors are known by their brand', () => {
  const error = new MpcError('STORAGE_CONFLICT', 'overtaken')
  const protocol = new ProtocolError('POK', 2, [1], 'no')
  expect([isMpcError(error), isMpcError(error, 'STORAGE_CONFLICT'), isMpcError(error, 'TIMEOUT')]).toEqual([
    true,
    true,
    false,
  ])
  expect(isMpcError(error, 'TIMEOUT', 'STORAGE_CONFLICT')).toBe(true)
  expect(isMpcError(error, 'TIMEOUT', 'ABORTED')).toBe(false)
  expect([isMpcError(protocol), isProtocolError(protocol), isProtocolError(error)]).toEqual([true, true, false])
  const lookalikes = [null, undefined, 'MpcError', new Error('x'), { name: 'MpcError', code: 'TIMEOUT' }, MpcError]
  for (const other of lookalikes) expect(isMpcError(other)).toBe(false)
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect([isMpcError(proxy), errorName(proxy), errorMessage(proxy)]).toEqual([false, undefined, undefined])
  expect(Object.keys(error).sort()).toEqual(['approval', 'code', 'denial', 'name', 'retryAfterMs', 'retryable'])
})

test('names and kinds of errors of another realm are known', () => {
  const foreign = elsewhere('new RangeError("far")')
  expect(foreign).not.toBeInstanceOf(Error)
  expect([errorName(foreign), errorMessage(foreign), isArgumentError(foreign)]).toEqual(['RangeError', 'far', true])
  expect(isDomException(new DOMException('x', 'AbortError'))).toBe(true)
  expect(isDomException(foreign)).toBe(false)
})

test('what is hashed or encoded is all of the bytes, whatever they say of themselves', () => {
  const own = Uint8Array.of(1, 2, 3)
  const lying = Object.defineProperty(own.slice(), 'length', { value: 1 })
  for (const hash of ['sha256', 'sha256d', 'keccak256'] as const) {
    expect(hashMessage(lying, hash)).toEqual(hashMessage(own, hash))
  }
  expect(new Writer().prefixed(lying).finish()).toEqual(new Writer().prefixed(own).finish())
  expect(() => new Reader('abc' as unknown as Uint8Array)).toThrow(TypeError)
})
