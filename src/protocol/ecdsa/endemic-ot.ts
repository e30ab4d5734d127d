import type { Group, Point, Scalar } from '../../curve/group.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError } from '../../util/codec.ts'
import { createHasher } from '../transcript.ts'
import type { BaseOtArithmetic } from './arithmetic.ts'
import { bit } from './bit-matrix.ts'
import type { HashToCurve } from './hash-to-curve.ts'
import { COLUMNS, OT_DOMAIN, POINT_BYTES, SEED_BYTES } from './parameters.ts'
import { u32 } from './tagged-batch.ts'

const INDICES = Array.from({ length: COLUMNS }, (_, i) => i)

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** HC(otSid, i, b, r), the input of the hash to the curve; all fields have fixed lengths. */
function tweak(otSid: Uint8Array, index: number, branch: number, other: Uint8Array): Uint8Array {
  return concatBytes(otSid, u32(index), Uint8Array.of(branch), other)
}

/** a where the choice is 0, b where it is 1, without a branch. */
function select(choice: number, a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ ((byte ^ (b[at] as number)) & -choice))
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

/** Endemic OT on the operations of a group; as constant-time as those are. */
export function portableBaseOt(group: Group, hashToCurve: HashToCurve): BaseOtArithmetic {
  return {
    offer(otSid, choices, exponents, decoys) {
      const points = group.multiplyBaseBatch([...exponents, ...decoys])
      const others = group.encodePoints(points.slice(COLUMNS))
      // The choice enters the hash to the curve as data, so the other branch is not computed.
      const hashed = hashToCurve(
        INDICES.map((i) => tweak(otSid, i, bit(choices, i), others[i] as Uint8Array)),
        OT_DOMAIN,
      )
      const chosen = group.encodePoints(
        INDICES.map((i) => group.subtractPoints(points[i] as Point, hashed[i] as Point)),
      )
      return concatBytes(
        ...INDICES.flatMap((i) => {
          const [own, other] = [chosen[i] as Uint8Array, others[i] as Uint8Array]
          return [select(bit(choices, i), own, other), select(bit(choices, i), other, own)]
        }),
      )
    },

    answer(otSid, message, secrets) {
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
        OT_DOMAIN,
      )
      const bases = received.map((point, i) => group.addPoints(point, hashed[i] as Point))
      // r_b = −HC(b, r_{1−b}) would make that branch's key known to everybody.
      if (bases.some((point) => group.isIdentity(point))) throw new CodecError('an offered point cancels its hash')

      const reply = concatBytes(...group.encodePoints(group.multiplyBaseBatch(secrets)))
      const multipliers = branches.map(({ index }) => secrets[index] as Scalar)
      const shared = group.encodePoints(group.multiplyPointBatch(bases, multipliers))
      const keys = branches.map(({ index, branch }, i) =>
        transferKey(otSid, index, branch, replyOf(reply, index), message, shared[i] as Uint8Array),
      )
      try {
        return { message: reply, keys: concatBytes(...keys) }
      } finally {
        wipe(...shared, ...keys)
      }
    },

    finish(otSid, choices, exponents, message, reply) {
      const points = INDICES.map((i) => group.decodePoint(replyOf(reply, i)))
      const shared = group.encodePoints(group.multiplyPointBatch(points, exponents))
      const keys = new Uint8Array(COLUMNS * SEED_BYTES)
      for (const i of INDICES) {
        const key = transferKey(otSid, i, bit(choices, i), replyOf(reply, i), message, shared[i] as Uint8Array)
        keys.set(key, i * SEED_BYTES)
        wipe(key)
      }
      wipe(...shared)
      return keys
    },
  }
}
