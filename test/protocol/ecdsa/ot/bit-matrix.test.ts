import { expect, test } from 'vitest'

import { hashColumnsVar, transpose } from '../../../../src/protocol/ecdsa/ot/bit-matrix.ts'
import { seededRandom } from '../../../support/random.ts'

/** Elements of GF(2^128) as numbers, bit k for x^k: schoolbook, to be read. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n
  for (let k = 0n; k < 128n; k++) if ((b >> k) & 1n) product ^= a << k
  for (let k = 254n; k >= 128n; k--) if ((product >> k) & 1n) product ^= (1n << k) ^ (0x87n << (k - 128n))
  return product
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

test('the hash of a column is mask + Σ chi_j·block_j in GF(2^128)', () => {
  const random = seededRandom()
  const columns = Array.from({ length: 128 }, () => random(68))
  const challenges = [random(16), new Uint8Array(16).fill(255), random(16), random(16)]
  const hashes = hashColumnsVar(transpose(columns), challenges)
  for (const [i, column] of columns.entries()) {
    const blocks = [0, 1, 2, 3].map((j) => littleEndian(column.slice(16 * j, Math.min(16 * (j + 1), 52))))
    const sum = blocks.reduce((a, block, j) => a ^ multiply(block, littleEndian(challenges[j] as Uint8Array)), 0n)
    expect(littleEndian(hashes[i] as Uint8Array)).toBe(sum ^ littleEndian(column.slice(52)))
  }
})

test('each block of a column has one challenge, no more and no fewer', () => {
  const random = seededRandom()
  const rows = transpose(Array.from({ length: 128 }, () => random(68)))
  for (const count of [0, 3, 5]) {
    const challenges = Array.from({ length: count }, () => random(16))
    expect(() => hashColumnsVar(rows, challenges)).toThrow(RangeError)
  }
})

test('transposing puts bit p of column i at place i of row p', () => {
  const random = seededRandom()
  const columns = Array.from({ length: 128 }, () => random(68))
  const rows = transpose(columns)
  const at = (bytes: Uint8Array, index: number): number => ((bytes[index >> 3] as number) >> (index & 7)) & 1
  for (let p = 0; p < 544; p++) {
    const row = rows.subarray(16 * p, 16 * (p + 1))
    expect(columns.map((_, i) => at(row, i))).toEqual(columns.map((column) => at(column, p)))
  }
})
