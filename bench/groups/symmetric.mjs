// @ts-check
// The hashes and the cipher of src/symmetric side by side with those of @noble, which are larger in a bundle.
import { chacha20poly1305 as nobleChaCha } from '@noble/ciphers/chacha.js'
import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js'
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { chacha20poly1305 } from '../../dist/symmetric/chacha20-poly1305.js'
import { keccak256 } from '../../dist/symmetric/keccak256.js'
import { ripemd160 } from '../../dist/symmetric/ripemd160.js'
import { sha256 } from '../../dist/symmetric/sha256.js'
import { sha512 } from '../../dist/symmetric/sha512.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duration, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Hashes and ciphers, beside @noble'

const [KEY, NONCE] = [random(32), random(12)]

/** @typedef {(message: Uint8Array) => Uint8Array} Run */

/** @type {readonly (readonly [name: string, ours: Run, noble: Run, lengths: readonly number[]])[]} */
const OPERATIONS = [
  [
    'ChaCha20-Poly1305, sealed',
    (message) => chacha20poly1305(KEY, NONCE).encrypt(message),
    (message) => nobleChaCha(KEY, NONCE).encrypt(message),
    [32, 300, 50_000],
  ],
  ['SHA-256', sha256, nobleSha256, [32, 300, 50_000]],
  ['SHA-512', sha512, nobleSha512, [32, 300, 50_000]],
  ['Keccak-256', keccak256, keccak_256, [64, 300]],
  ['RIPEMD-160', ripemd160, nobleRipemd160, [32]],
]
const ROUNDS = 40
/** Bytes that a round hashes or seals, and calls that cost as much as those. */
const ROUND_BYTES = 200_000
const CALL_BYTES = 200

/** @typedef {{ name: string, bytes: number, time: import('../support/statistics.mjs').Summary, ratio: import('../support/statistics.mjs').Summary }} Row nanoseconds */

/** @returns {Promise<Row[]>} */
export async function run() {
  return OPERATIONS.flatMap(([name, ours, noble, lengths]) =>
    lengths.map((bytes) => {
      const message = random(bytes)
      const calls = Math.ceil(ROUND_BYTES / (bytes + CALL_BYTES))
      const times = /** @type {number[]} */ ([])
      const ratios = /** @type {number[]} */ ([])
      for (let i = 0; i < 2 * ROUNDS; i++) {
        const [mine, theirs] = [timeOf(ours, message, calls), timeOf(noble, message, calls)]
        // The first half warms both up.
        if (i >= ROUNDS) {
          times.push(mine)
          ratios.push(mine / theirs)
        }
      }
      return { name, bytes, time: summary(times), ratio: summary(ratios) }
    }),
  )
}

/** Nanoseconds a call. @param {Run} operation @param {Uint8Array} message @param {number} calls */
function timeOf(operation, message, calls) {
  const begun = performance.now()
  for (let i = 0; i < calls; i++) operation(message)
  return ((performance.now() - begun) * 1e6) / calls
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const cells = rows.map(({ name, bytes, time, ratio }) => [name, String(bytes), duration(time.median), spread(ratio)])
  return table([['of a message', 'bytes', 'time', 'time over that of @noble'], ...cells])
}
