import type { Group, Scalar } from '../../curve/group.ts'
import { wipe } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import type { BaseOtArithmetic } from './arithmetic.ts'
import { COLUMNS } from './parameters.ts'

/**
 * Endemic OT (Masny–Rindal, eprint 2019/706), 128 transfers of random keys in two messages: what its parties draw and
 * keep. The arithmetic is a backend's.
 *
 * Security rests on hash points of unknown discrete logarithm and on keys bound to everything that was sent. Each
 * transfer has an own b_i: one for the whole batch would be faster, and would lean on the tweaks alone.
 */

export interface BaseOtBackend {
  readonly group: Group
  readonly baseOt: BaseOtArithmetic
}

/** What the receiver keeps between its message and the sender's; secret but for the message. */
export interface BaseOtReceiver {
  /** 128 choice bits */
  readonly choices: Uint8Array
  /** t_i of each transfer */
  readonly exponents: readonly Scalar[]
  /** OT1 */
  readonly message: Uint8Array
}

function drawScalars({ group }: BaseOtBackend, random: RandomSource): Scalar[] {
  return Array.from({ length: COLUMNS }, () => group.randomScalar(random))
}

/** The receiver's message: for choice c a random r_{1−c} and r_c = t·G − HC(c, r_{1−c}). */
export function startBaseOt(backend: BaseOtBackend, otSid: Uint8Array, random: RandomSource): BaseOtReceiver {
  const choices = random(COLUMNS / 8)
  const exponents = drawScalars(backend, random)
  const decoys = drawScalars(backend, random)
  const message = backend.baseOt.offer(otSid, choices, exponents, decoys)
  wipe(...decoys)
  return { choices, exponents, message }
}

/**
 * The sender's message B_i = b_i·G and its keys, 128 pairs: k_{i,b} from b_i·(r_b + HC(b, r_{1−b})).
 *
 * @throws {CodecError} for a point in the receiver's message that no honest receiver sends
 */
export function answerBaseOt(
  backend: BaseOtBackend,
  otSid: Uint8Array,
  message: Uint8Array,
  random: RandomSource,
): { readonly message: Uint8Array; readonly keys: Uint8Array } {
  const secrets = drawScalars(backend, random)
  try {
    return backend.baseOt.answer(otSid, message, secrets)
  } finally {
    wipe(...secrets)
  }
}

/**
 * The receiver's keys, one a transfer: k_{i,c} from t_i·B_i.
 *
 * @throws {CodecError} for a point in the sender's message that no honest sender sends
 */
export function finishBaseOt(
  { baseOt }: BaseOtBackend,
  otSid: Uint8Array,
  { choices, exponents, message }: BaseOtReceiver,
  reply: Uint8Array,
): Uint8Array {
  return baseOt.finish(otSid, choices, exponents, message, reply)
}

export function wipeBaseOt(receiver: BaseOtReceiver): void {
  wipe(receiver.choices, ...receiver.exponents)
}
