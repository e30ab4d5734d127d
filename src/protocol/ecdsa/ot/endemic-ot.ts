import type { Group, Point } from '../../../curve/group.ts'
import { concatBytes, wipe } from '../../../util/bytes.ts'
import { CodecError } from '../../../util/codec.ts'
import type { BaseOtArithmetic } from './arithmetic.ts'
import { bit } from './bit-matrix.ts'
import type { HashToCurve } from './hash-to-curve.ts'
import { COLUMNS, OT_DOMAIN, POINT_BYTES, SEED_BYTES } from './parameters.ts'
import { extendReversed, receiveReversed } from './reversed-ot.ts'
import { batchHasher, hashQuarters, u32 } from './tagged-batch.ts'

const INDICES = Array.from({ length: COLUMNS }, (_, i) => i)

/** The input of the hash to the curve HC: `otSid | i u32 | c u8 | string`. All fields have fixed lengths. */
function tweak(otSid: Uint8Array, index: number, branch: number, string: Uint8Array): Uint8Array {
  return concatBytes(otSid, u32(index), Uint8Array.of(branch), string)
}

/** a ⊕ choice·b */
function xorChosen(a: Uint8Array, choice: number, b: Uint8Array): Uint8Array {
  return a.map((byte, at) => byte ^ ((b[at] as number) & -choice))
}

/** The string s and the point T of an offer. */
function offered(offers: Uint8Array, index: number): [Uint8Array, Uint8Array] {
  const at = 2 * POINT_BYTES * index
  return [offers.subarray(at, at + POINT_BYTES), offers.subarray(at + POINT_BYTES, at + 2 * POINT_BYTES)]
}

/** The hash that all keys depend on: TH("ot-context", TH("ot-offer", otSid, offers), z). */
function contextOf(otSid: Uint8Array, offers: Uint8Array, z: Uint8Array): Uint8Array {
  return batchHasher('ot-context', hashQuarters('ot-offer', otSid, offers))(z)
}

/**
 * Batch endemic OT (eprint 2021/682, Figure 3, with the streamlined Feistel POPF of Figure 7) on the operations of a group.
 * It is only as constant-time as those operations are.
 */
export function portableBaseOt(group: Group, hashToCurve: HashToCurve): BaseOtArithmetic {
  return {
    offer(otSid, choices, exponents, strings) {
      const points = group.multiplyBaseBatch(exponents)
      const stringOf = (i: number): Uint8Array => strings.subarray(i * POINT_BYTES, (i + 1) * POINT_BYTES)
      // The choice is part of the hashed data, so only the chosen branch is computed.
      const hashed = hashToCurve(
        INDICES.map((i) => tweak(otSid, i, bit(choices, i), stringOf(i))),
        OT_DOMAIN,
      )
      const encoded = group.encodePoints(
        INDICES.map((i) => group.subtractPoints(points[i] as Point, hashed[i] as Point)),
      )
      return concatBytes(...encoded.flatMap((point, i) => [xorChosen(stringOf(i), bit(choices, i), point), point]))
    },

    respond(otSid, offers, secret, choices) {
      const branches = INDICES.flatMap((index) => [0, 1].map((branch) => ({ index, branch })))
      const received = INDICES.map((i) => group.decodePoint(offered(offers, i)[1]))
      const hashed = hashToCurve(
        branches.map(({ index, branch }) => {
          const [string, point] = offered(offers, index)
          return tweak(otSid, index, branch, xorChosen(string, branch, point))
        }),
        OT_DOMAIN,
      )
      const bases = branches.map(({ index }, at) => group.addPoints(received[index] as Point, hashed[at] as Point))
      // If T = −HC(c, …), anybody could compute the key of branch c.
      if (bases.some((point) => group.isIdentity(point))) throw new CodecError('an offered point cancels its hash')

      const z = group.encodePoint(group.multiplyBase(secret))
      const shared = group.encodePoints(
        group.multiplyPointBatch(
          bases,
          bases.map(() => secret),
        ),
      )
      const context = contextOf(otSid, offers, z)
      const hash = batchHasher('ot-key', context)
      const keys = branches.map(({ index, branch }, at) =>
        hash(concatBytes(u32(index), Uint8Array.of(branch), shared[at] as Uint8Array)),
      )
      const choiceSeeds = concatBytes(...keys)
      const { message, multiplierSeeds } = receiveReversed(context, choiceSeeds, choices)
      wipe(...shared, ...keys)
      return { message: concatBytes(z, message), seeds: { multiplierSeeds, choiceSeeds } }
    },

    finish(otSid, choices, exponents, offers, response) {
      const z = response.subarray(0, POINT_BYTES)
      const point = group.decodePoint(z)
      const shared = group.encodePoints(
        group.multiplyPointBatch(
          exponents.map(() => point),
          exponents,
        ),
      )
      const context = contextOf(otSid, offers, z)
      const hash = batchHasher('ot-key', context)
      const multiplierSeeds = new Uint8Array(COLUMNS * SEED_BYTES)
      for (const i of INDICES) {
        const key = hash(concatBytes(u32(i), Uint8Array.of(bit(choices, i)), shared[i] as Uint8Array))
        multiplierSeeds.set(key, i * SEED_BYTES)
        wipe(key)
      }
      wipe(...shared)
      const choiceSeeds = extendReversed(context, multiplierSeeds, choices, response.subarray(POINT_BYTES))
      if (choiceSeeds !== undefined) return { multiplierSeeds, choiceSeeds }
      wipe(multiplierSeeds)
      return undefined
    },
  }
}
