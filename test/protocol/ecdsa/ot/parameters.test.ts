import { expect, test } from 'vitest'

import * as parameters from '../../../../src/protocol/ecdsa/ot/parameters.ts'
import { ORDER } from '../../../support/bigint-scalars.ts'

/** log q, λ_c and s: what docs/ecdsa.md promises. */
const [LOG_Q, COMPUTATIONAL, STATISTICAL] = [256, 128, 80]

// Each line fails if its constant changes alone, here or in docs/ecdsa.md's table.
test('the parameters are those that are proven', () => {
  const { COLUMNS, TRANSFERS, WIDTH } = parameters
  expect(ORDER.secp256k1.toString(2)).toHaveLength(LOG_Q)
  expect(COLUMNS).toBe(COMPUTATIONAL)
  // Asharov, eprint 2026/976, Variant II.
  expect(LOG_Q + 2 * COMPUTATIONAL + 3 * STATISTICAL).toBe(752)
  expect(TRANSFERS).toBeGreaterThanOrEqual(752)
  expect(TRANSFERS).toBe(768)
  // One column masks the check where log q ≥ λ_c + 2·log m (ibid., Claim B.8).
  expect(WIDTH).toBe(2 + 1)
  expect(COMPUTATIONAL + 2 * Math.log2(TRANSFERS)).toBeLessThanOrEqual(LOG_Q)
  // SoftSpokenOT: as many bits mask the check as its hash has.
  expect(parameters.COLUMN_BITS - TRANSFERS).toBe(COMPUTATIONAL)
})

test('the messages have the lengths that docs/ecdsa.md gives', () => {
  const { EXTENSION_BYTES, PRODUCT_BYTES, MATRIX_BYTES, COLUMN_BYTES, ROW_BYTES, SEED_BYTES } = parameters
  expect({ EXTENSION_BYTES, PRODUCT_BYTES, MATRIX_BYTES, COLUMN_BYTES, ROW_BYTES, SEED_BYTES }).toEqual({
    EXTENSION_BYTES: 16_400,
    PRODUCT_BYTES: 73_792,
    MATRIX_BYTES: 73_728,
    COLUMN_BYTES: 112,
    ROW_BYTES: 16,
    SEED_BYTES: 32,
  })
})
