import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect } from 'vitest'
import { getPublicKey, sign, type Client, type SignEcdsaParameters } from '../../../src/index.ts'
import { concatBytes, utf8 } from '../../../src/util/bytes.ts'

export type Asked = Partial<SignEcdsaParameters> & { walletId: string }

/** Signs a digest by ECDSA; the signature verifies elsewhere, and its recovery id gives back the key. */
export async function signsEcdsa(client: Client, asked: Asked, hashed = sha256(utf8('hello'))): Promise<string> {
  const signed = await sign(client, { scheme: 'ecdsa', digest: hashed, ...asked } as SignEcdsaParameters)
  const { signature, recovery, publicKey } = signed
  expect(secp256k1.verify(signature, hashed, publicKey, { prehash: false, lowS: true })).toBe(true)
  const recovered = concatBytes(Uint8Array.of(recovery), signature)
  expect(secp256k1.recoverPublicKey(recovered, hashed, { prehash: false })).toEqual(publicKey)
  const { path, walletId } = asked
  expect(publicKey).toEqual(await getPublicKey(client, { walletId, curve: 'secp256k1', ...(path && { path }) }))
  return signed.setId
}
