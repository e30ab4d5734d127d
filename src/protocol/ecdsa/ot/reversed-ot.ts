import { concatBytes, wipe } from '../../../util/bytes.ts'
import { extendReceiver, extendSender } from './ot-extension.ts'
import { COLUMNS, ROW_BYTES } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

// The base OTs of the other direction on the portable backend: 128 transfers that are extended from the 128 of the first
// direction. The sender of the first direction chooses in them (eprint 2021/682, §7).

/** Length of u: each of the 128 columns has 256 bits. */
const U_BYTES = COLUMNS * 32

/** The key TH("ot-reversed-key", TH("ote-u", vsid, u), row ‖ j) of each transfer. Every key depends on all of u. */
function hashRows(vsid: Uint8Array, message: Uint8Array, rows: Uint8Array): Uint8Array[] {
  const hash = batchHasher('ot-reversed-key', hashQuarters('ote-u', vsid, message.subarray(0, U_BYTES)))
  return Array.from({ length: COLUMNS }, (_, j) =>
    hash(concatBytes(rows.subarray(j * ROW_BYTES, (j + 1) * ROW_BYTES), u32(j))),
  )
}

/**
 * Extends as the receiver of the other direction.
 *
 * @param seeds 128 pairs of seeds of 32 bytes
 * @param choices 128 choice bits, and 128 bits that mask the check
 * @returns the message u ‖ x ‖ t and 128 keys of 32 bytes; the keys are secret
 */
export function receiveReversed(
  vsid: Uint8Array,
  seeds: Uint8Array,
  choices: Uint8Array,
): { readonly message: Uint8Array; readonly multiplierSeeds: Uint8Array } {
  const { message, rows } = extendReceiver(vsid, seeds, choices, COLUMNS)
  const keys = hashRows(vsid, message, rows)
  const multiplierSeeds = concatBytes(...keys)
  wipe(rows, ...keys)
  return { message, multiplierSeeds }
}

/**
 * Extends as the sender of the other direction.
 *
 * @param seeds 128 seeds of 32 bytes, of the branches `choices` = 1 ⊕ Δ
 * @returns 128 pairs of keys of 32 bytes, secret; undefined if the receiver's message is not consistent
 */
export function extendReversed(
  vsid: Uint8Array,
  seeds: Uint8Array,
  choices: Uint8Array,
  message: Uint8Array,
): Uint8Array | undefined {
  const delta = choices.map((byte) => byte ^ 0xff)
  const rows = extendSender(vsid, seeds, delta, message, COLUMNS)
  if (rows === undefined) {
    wipe(delta)
    return undefined
  }
  // The receiver's row equals the sender's row, ⊕ Δ if the receiver's choice is 1.
  const flipped = rows.map((byte, at) => byte ^ (delta[at % ROW_BYTES] as number))
  const [zeros, ones] = [hashRows(vsid, message, rows), hashRows(vsid, message, flipped)]
  const keys = concatBytes(...zeros.flatMap((zero, j) => [zero, ones[j] as Uint8Array]))
  wipe(delta, rows, flipped, ...zeros, ...ones)
  return keys
}
