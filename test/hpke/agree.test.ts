import { expect, test } from 'vitest'
import { agree, stableKeyPair } from '../../src/hpke/agree.ts'
import { agreeOnce, keyPairOf } from '../../src/hpke/x25519.ts'
import { concatBytes, toHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const ZERO = new Uint8Array(1)

/** 129, repeated, has a public key that starts with a zero; 135 and 164 have one that ends with a zero. */
const KEYS = [
  ...[1, 129, 135, 164].map((byte) => new Uint8Array(32).fill(byte)),
  concatBytes(ZERO, random(31)),
  concatBytes(random(31), ZERO),
]

test('whoever agrees, zeros at an end of a key or a result are kept', async () => {
  for (const secretKey of KEYS) {
    const { publicKey } = keyPairOf(secretKey)
    expect(toHex((await stableKeyPair(secretKey)).publicKey)).toBe(toHex(publicKey))
    for (const other of KEYS) expect(await agree(other, publicKey)).toEqual(agreeOnce(other, publicKey))
  }
})
