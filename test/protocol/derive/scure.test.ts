import { HDKey } from '@scure/bip32'
import { expect, test } from 'vitest'

import { getGroup } from '../../../src/curve/index.ts'
import {
  decodeExtendedPublicKey,
  derivePath,
  encodeDerivedKey,
  formatPath,
} from '../../../src/protocol/derive/index.ts'
import { seededRandom } from '../../support/random.ts'

test('derives along random paths as @scure/bip32 does', () => {
  const random = seededRandom()
  const group = getGroup('secp256k1')
  for (let i = 0; i < 10; i++) {
    const root = HDKey.fromMasterSeed(random(32))
    const { key } = decodeExtendedPublicKey(group, root.publicExtendedKey)
    const path = Array.from({ length: random.int(0, 5) }, () => random.int(0, 0x7fffffff))
    const expected = root.wipePrivateData().derive(formatPath(path)).publicExtendedKey
    expect(encodeDerivedKey(group, key, derivePath(group, key, path))).toBe(expected)
  }
})
