import { concatBytes, wipe } from '../../../util/bytes.ts'
import { extendReceiver, extendSender } from './ot-extension.ts'
import { COLUMNS, ROW_BYTES } from './parameters.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

/**
 * Base OTs of the other direction on the portable backend: 128 transfers extended from the 128 of the first direction, with
 * the choices of the first direction's sender (eprint 2021/682, §7).
 */

/** u takes 256 bits of each column. */
const U_BYTES = COLUMNS * 32

/** TH("ot-reversed-key", TH("ote-u", vsid, u), row ‖ j) of each transfer: a key hangs on all of u. */
function hashRows(vsid: Uint8Array, message: Uint8Array, rows: Uint8Array): Uint8Array[] {
  const hash = batchHasher('ot-reversed-key', hashQuarters('ote-u', vsid, message.subarray(0, U_BYTES)))
  return Array.from({ length: COLUMNS }, (_, j) =>
    hash(concatBytes(rows.subarray(j * ROW_BYTES, (j + 1) * ROW_BYTES), u32(j))),
  )
}

/**
 * The receiver's message u ‖ x ‖ t, and its keys.
 *
 * @param seeds 128 pairs
 * @param choices 128 choices and 128 bits that mask the check
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
 * The sender's pairs of keys.
 *
 * @param seeds 128, of the branches `choices` = 1 ⊕ Δ
 * @returns undefined if the receiver was not consistent
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
  // The receiver's row is the sender's, ⊕ Δ where its choice is one.
  const flipped = rows.map((byte, at) => byte ^ (delta[at % ROW_BYTES] as number))
  const [zeros, ones] = [hashRows(vsid, message, rows), hashRows(vsid, message, flipped)]
  const keys = concatBytes(...zeros.flatMap((zero, j) => [zero, ones[j] as Uint8Array]))
  wipe(delta, rows, flipped, ...zeros, ...ones)
  return keys
}
