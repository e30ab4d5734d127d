import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { packWasm } from '../../scripts/pack-wasm.mjs'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const unpacker = new WebAssembly.Module(readFileSync('build/unpack.wasm'))

function roundTrip(bytes: Uint8Array): Uint8Array {
  const { exports } = new WebAssembly.Instance(unpacker)
  const { memory, unpack } = exports as unknown as { memory: WebAssembly.Memory; unpack: (length: number) => number }
  new Uint8Array(memory.buffer).set(utf8(packWasm(bytes)), 0x10000)
  return new Uint8Array(memory.buffer, unpack(bytes.length), bytes.length)
}

test('every kind of bytes is packed and unpacked again', () => {
  const random = seededRandom()
  const noise = random(2000)
  const cases = {
    nothing: new Uint8Array(0),
    'one byte': Uint8Array.of(255),
    zeros: new Uint8Array(5000),
    ones: new Uint8Array(5000).fill(255),
    noise,
    'noise twice': Uint8Array.from([...noise, ...noise]),
    // Lengths and symbols that WebAssembly has, in no order.
    opcodes: Uint8Array.from(random(3000), (byte) => [0x20, 0x41, 0x28, 0x85, 0xfd, byte][byte % 6]!),
    'copies of all lengths': Uint8Array.from(
      Array.from({ length: 43 }, (_, i) => [i, ...noise.subarray(0, 7 * i)]).flat(),
    ),
    'two distances in turn': Uint8Array.from({ length: 3000 }, (_, i) => (i % 7 === 0 ? i % 11 : i % 13)),
  }
  for (const [name, bytes] of Object.entries(cases)) expect(toHex(roundTrip(bytes)), name).toBe(toHex(bytes))
})
