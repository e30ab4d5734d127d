import { ED25519_MULTIPLES, POINT_SCRATCH, WORK } from '../memory'
import { Ed25519 } from '../field/curve'
import { copy, set, Single, size } from '../field/lanes'
import { GENERATOR_MULTIPLES } from '../field/naf'
import { multiply } from '../field/prime'
import { BATCH_STRIDE, toAffine } from './affine'
import { GENERATOR_X, GENERATOR_Y } from './constants.gen'
import { addCached, double, pointSize, toAffineCached, toCached } from './point'

type C = Ed25519

/** Bytes of an affine cached point. */
const ENTRY_BYTES: usize = 3 * 48

// Above what affine.ts uses.
const POINT: usize = POINT_SCRATCH + 80
const TWICE: usize = POINT + 4 * 48

let isReady: bool = false

/** The odd multiples G, 3G … 127G as affine cached points. Built at the first call, in a tenth of a millisecond. */
export function generatorMultiples(): usize {
  if (!isReady) {
    makeMultiples()
    isReady = true
  }
  return ED25519_MULTIPLES
}

/** POINT = the extended point with the x and y of another. */
function setAffine(xy: usize): void {
  memory.copy(POINT, xy, 2 * size<Single>())
  set<Single>(POINT + 2 * size<Single>(), 1)
  multiply<C, Single>(POINT + 3 * size<Single>(), POINT, POINT + size<Single>())
}

function makeMultiples(): void {
  const end = WORK + GENERATOR_MULTIPLES * BATCH_STRIDE
  copy<Single>(WORK, GENERATOR_X)
  copy<Single>(WORK + size<Single>(), GENERATOR_Y)
  setAffine(WORK)
  double<Single>(POINT)
  toCached<Single>(TWICE, POINT)
  setAffine(WORK)
  for (let point: usize = WORK; point < end; point += BATCH_STRIDE) {
    memory.copy(point, POINT, pointSize<Single>())
    addCached<Single>(POINT, TWICE)
  }
  toAffine(WORK, <i32>GENERATOR_MULTIPLES)
  for (let i: usize = 0; i < GENERATOR_MULTIPLES; i++) {
    setAffine(WORK + i * BATCH_STRIDE)
    toAffineCached<Single>(ED25519_MULTIPLES + i * ENTRY_BYTES, POINT)
  }
  memory.fill(WORK, 0, end - WORK)
}
