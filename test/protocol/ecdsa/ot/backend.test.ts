import { expect, test } from 'vitest'

import { getGroup } from '../../../../src/curve/index.ts'
import { getEcdsaBackend, portableEcdsa, provideEcdsa, wasmEcdsa } from '../../../../src/protocol/ecdsa/ot/backend.ts'

test('tells which backend is slow', () => {
  expect([wasmEcdsa().isSlow, portableEcdsa().isSlow]).toEqual([false, true])
})

test('the backend is the one of the group, whatever was provided', () => {
  const group = getGroup('secp256k1')
  expect(getEcdsaBackend()).toEqual({ ...wasmEcdsa(), group })
  provideEcdsa(portableEcdsa)
  expect(getEcdsaBackend()).toEqual({ ...wasmEcdsa(), group })
  const own = { ...wasmEcdsa(), group, hashToCurve: () => [] }
  provideEcdsa(() => own)
  expect(getEcdsaBackend()).toBe(own)
  provideEcdsa(wasmEcdsa)
})
