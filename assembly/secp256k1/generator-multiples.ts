import { SECP256K1_MULTIPLES, WORK } from '../memory'
import { Secp256k1 } from '../field/curve'
import { copy, set, Single, size } from '../field/lanes'
import { GENERATOR_MULTIPLES } from '../field/naf'
import { multiply } from '../field/prime'
import { BATCH_STRIDE, toAffine } from './affine'
import { BETA, GENERATOR_X, GENERATOR_Y } from './constants.gen'
import { addVar, double, pointSize } from './point'

type C = Secp256k1

/** Bytes of an entry: x, y and β·x. */
const ENTRY_BYTES: usize = 3 * 48

let isReady: bool = false

/** The odd multiples G, 3G … 127G as x, y and β·x. Built at the first call, in a tenth of a millisecond. */
export function generatorMultiples(): usize {
  if (!isReady) {
    makeMultiples()
    isReady = true
  }
  return SECP256K1_MULTIPLES
}

function makeMultiples(): void {
  const twice = WORK + GENERATOR_MULTIPLES * BATCH_STRIDE
  copy<Single>(WORK, GENERATOR_X)
  copy<Single>(WORK + size<Single>(), GENERATOR_Y)
  set<Single>(WORK + 2 * size<Single>(), 1)
  memory.copy(twice, WORK, pointSize<Single>())
  double<Single>(twice)
  for (let point = WORK + BATCH_STRIDE; point < twice; point += BATCH_STRIDE) {
    memory.copy(point, point - BATCH_STRIDE, pointSize<Single>())
    addVar<Single>(point, twice)
  }
  toAffine(WORK, <i32>GENERATOR_MULTIPLES)
  for (let i: usize = 0; i < GENERATOR_MULTIPLES; i++) {
    const entry = SECP256K1_MULTIPLES + i * ENTRY_BYTES
    memory.copy(entry, WORK + i * BATCH_STRIDE, 2 * size<Single>())
    multiply<C, Single>(entry + 2 * size<Single>(), entry, BETA)
  }
  memory.fill(WORK, 0, (GENERATOR_MULTIPLES + 1) * BATCH_STRIDE)
}
