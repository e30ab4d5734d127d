import { expect, test } from 'vitest'
import { agree, stableKeyPair } from '../../src/hpke/agree.ts'
import { agreeOnce, keyPairOf } from '../../src/hpke/x25519.ts'
import { toHex } from '../../src/util/bytes.ts'

/** Bytes that, repeated, are secret keys whose public keys start with a zero (129), end with one (135, 164), or neither. */
const KEYS = [1, 129, 135, 164].map((byte) => new Uint8Array(32).fill(byte))

test('whoever agrees, zeros at an end of a result are kept', async () => {
  for (const secretKey of KEYS) {
    const { publicKey } = keyPairOf(secretKey)
    expect(toHex((await stableKeyPair(secretKey)).publicKey)).toBe(toHex(publicKey))
    for (const other of KEYS) expect(await agree(other, publicKey)).toEqual(agreeOnce(other, publicKey))
  }
})
