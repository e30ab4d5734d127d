import type { Curve } from '../types.ts'
import { wipe } from '../util/bytes.ts'
import { call } from '../wasm/call.ts'
import { Status } from '../wasm/instance.ts'
import type { Group, Scalar } from './group.ts'
import {
  asPoint,
  BATCH,
  coordinates,
  idBytes,
  identityBytes,
  inBatches,
  POINT_BYTES,
  SCALAR_BYTES,
  scalarBytes,
  split,
} from './wasm-encoding.ts'

/** The coefficients of a polynomial, or their commitments, that fit in the arena beside the rest. */
const COEFFICIENTS = 900

type Sharing = Pick<Group, 'evaluatePolynomial' | 'lagrangeCoefficients' | 'evaluateCommitmentVar'>

/** The sharing part of a {@link Group} on the wasm module. */
export function sharingOperations(curve: Curve): Sharing {
  return {
    evaluatePolynomial(coefficients, xs) {
      assertCoefficients(coefficients)
      return inBatches(xs.length, BATCH, (from, to) => {
        const inputs = [coefficients.map(scalarBytes), idBytes(xs.slice(from, to))]
        const { bytes } = call(curve, SCALAR_BYTES * (to - from), inputs, (core, r, f, x) =>
          core.evaluatePolynomial(r, f, x, coefficients.length, to - from),
        )
        const values = split(bytes, SCALAR_BYTES) as Scalar[]
        wipe(bytes)
        return values
      })
    },

    lagrangeCoefficients(ids) {
      // More than a batch of ids from 1 to 255 cannot be distinct.
      const { status, bytes } =
        ids.length > BATCH
          ? { status: Status.undefined, bytes: new Uint8Array() }
          : call(curve, SCALAR_BYTES * ids.length, [idBytes(ids)], (core, r, x) =>
              core.lagrangeCoefficients(r, x, ids.length),
            )
      if (status !== Status.ok) throw new RangeError('a party id stands twice')
      return split(bytes, SCALAR_BYTES) as Scalar[]
    },

    evaluateCommitmentVar(commitments, x) {
      assertCoefficients(commitments)
      if (commitments.length === 0) return asPoint(identityBytes(curve))
      const { bytes } = call(curve, POINT_BYTES, [commitments.map(coordinates)], (core, r, at) =>
        core.evaluateCommitmentVar(r, at, commitments.length, x),
      )
      return asPoint(bytes)
    },
  }
}

function assertCoefficients(list: readonly unknown[]): void {
  if (list.length > COEFFICIENTS) throw new RangeError(`at most ${COEFFICIENTS} coefficients, got ${list.length}`)
}
