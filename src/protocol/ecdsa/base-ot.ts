import type { Group, Point, Scalar } from '../../curve/group.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'
import { createHasher } from '../transcript.ts'
import { bit } from './bit-matrix.ts'
import type { HashToCurve } from './hash-to-curve.ts'
import { COLUMNS, SEED_BYTES } from './parameters.ts'
import { u32 } from './tagged-batch.ts'

/**
 * Endemic OT (Masny–Rindal, eprint 2019/706), 128 transfers of random keys in two messages.
 *
 * Security rests on hash points of unknown discrete logarithm and on keys bound to everything that was sent. Each
 * transfer has an own b_i: one for the whole batch would be faster, and would lean on the tweaks alone.
 */

const POINT_BYTES = 33
/** r_0 ‖ r_1 of every transfer */
export const OT1_BYTES = COLUMNS * 2 * POINT_BYTES
/** B_i of every transfer */
export const OT2_BYTES = COLUMNS * POINT_BYTES

const DOMAIN = 'reshare/v1/ecdsa-setup/ot_secp256k1_XMD:SHA-256_SSWU_RO_'
const INDICES = Array.from({ length: COLUMNS }, (_, i) => i)

export interface BaseOtBackend {
  readonly group: Group
  readonly hashToCurve: HashToCurve
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

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** HC(otSid, i, b, r), the input of the hash to the curve; all fields have fixed lengths. */
function tweak(otSid: Uint8Array, index: number, branch: number, other: Uint8Array): Uint8Array {
  return concatBytes(otSid, u32(index), Uint8Array.of(branch), other)
}

/** a where the choice is 0, b where it is 1, without a branch. */
function select(choice: number, a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ ((byte ^ (b[at] as number)) & -choice))
}

/**
 * The receiver's message: for choice c a random r_{1−c} and r_c = t·G − HC(c, r_{1−c}).
 *
 * The choice enters the hash to the curve as data, and that hash takes constant time (on wasm), so the other branch is
 * not computed.
 */
export function startBaseOt(backend: BaseOtBackend, otSid: Uint8Array, random: RandomSource): BaseOtReceiver {
  const { group, hashToCurve } = backend
  const choices = random(COLUMNS / 8)
  const exponents = INDICES.map(() => group.randomScalar(random))
  const decoys = INDICES.map(() => group.randomScalar(random))
  const points = group.multiplyBaseBatch([...exponents, ...decoys])
  wipe(...decoys)
  const others = group.encodePoints(points.slice(COLUMNS))
  const hashed = hashToCurve(
    INDICES.map((i) => tweak(otSid, i, bit(choices, i), others[i] as Uint8Array)),
    DOMAIN,
  )
  const chosen = group.encodePoints(INDICES.map((i) => group.subtractPoints(points[i] as Point, hashed[i] as Point)))
  const message = concatBytes(
    ...INDICES.flatMap((i) => {
      const [own, other] = [chosen[i] as Uint8Array, others[i] as Uint8Array]
      return [select(bit(choices, i), own, other), select(bit(choices, i), other, own)]
    }),
  )
  return { choices, exponents, message }
}

/** TH("ot-key", otSid, i, b, B_i, r_0, r_1, point) */
function transferKey(
  otSid: Uint8Array,
  index: number,
  branch: number,
  reply: Uint8Array,
  message: Uint8Array,
  shared: Uint8Array,
): Uint8Array {
  const [r0, r1] = offered(message, index)
  return hash('ot-key', otSid, index, branch, reply, r0, r1, shared)
}

function offered(message: Uint8Array, index: number): [Uint8Array, Uint8Array] {
  const at = 2 * POINT_BYTES * index
  return [message.subarray(at, at + POINT_BYTES), message.subarray(at + POINT_BYTES, at + 2 * POINT_BYTES)]
}

function replyOf(message: Uint8Array, index: number): Uint8Array {
  return message.subarray(POINT_BYTES * index, POINT_BYTES * (index + 1))
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
  const { group, hashToCurve } = backend
  const branches = INDICES.flatMap((i) => {
    const [r0, r1] = offered(message, i)
    return [
      { index: i, branch: 0, own: r0, other: r1 },
      { index: i, branch: 1, own: r1, other: r0 },
    ]
  })
  const received = branches.map(({ own }) => group.decodePoint(own))
  const hashed = hashToCurve(
    branches.map(({ index, branch, other }) => tweak(otSid, index, branch, other)),
    DOMAIN,
  )
  const bases = received.map((point, i) => group.addPoints(point, hashed[i] as Point))
  // r_b = −HC(b, r_{1−b}) would make that branch's key known to everybody.
  if (bases.some((point) => group.isIdentity(point))) throw new CodecError('an offered point cancels its hash')

  const secrets = INDICES.map(() => group.randomScalar(random))
  const reply = concatBytes(...group.encodePoints(group.multiplyBaseBatch(secrets)))
  const shared = group.encodePoints(
    group.multiplyPointBatch(
      bases,
      branches.map(({ index }) => secrets[index] as Scalar),
    ),
  )
  wipe(...secrets)
  const keys = branches.map(({ index, branch }, i) =>
    transferKey(otSid, index, branch, replyOf(reply, index), message, shared[i] as Uint8Array),
  )
  try {
    return { message: reply, keys: concatBytes(...keys) }
  } finally {
    wipe(...shared, ...keys)
  }
}

/**
 * The receiver's keys, one a transfer: k_{i,c} from t_i·B_i.
 *
 * @throws {CodecError} for a point in the sender's message that no honest sender sends
 */
export function finishBaseOt(
  backend: BaseOtBackend,
  otSid: Uint8Array,
  receiver: BaseOtReceiver,
  reply: Uint8Array,
): Uint8Array {
  const { group } = backend
  const points = INDICES.map((i) => group.decodePoint(replyOf(reply, i)))
  const shared = group.encodePoints(group.multiplyPointBatch(points, receiver.exponents))
  const keys = new Uint8Array(COLUMNS * SEED_BYTES)
  for (const i of INDICES) {
    const branch = bit(receiver.choices, i)
    const key = transferKey(otSid, i, branch, replyOf(reply, i), receiver.message, shared[i] as Uint8Array)
    keys.set(key, i * SEED_BYTES)
    wipe(key)
  }
  wipe(...shared)
  return keys
}

export function wipeBaseOt(receiver: BaseOtReceiver | undefined): void {
  if (receiver !== undefined) wipe(receiver.choices, ...receiver.exponents)
}
