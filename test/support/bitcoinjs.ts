import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { initEccLib } from 'bitcoinjs-lib'
import { toHex } from '../../src/util/bytes.ts'

/** Gives bitcoinjs-lib what it needs of the curve for Taproot addresses. */
export function provideCurve(): void {
  initEccLib({
    isXOnlyPoint: (x) => {
      try {
        schnorr.utils.lift_x(BigInt(`0x${toHex(x)}`))
        return true
      } catch {
        return false
      }
    },
    xOnlyPointAddTweak: (x, tweak) => {
      const scalar = secp256k1.Point.Fn.fromBytes(tweak)
      const point = schnorr.utils.lift_x(BigInt(`0x${toHex(x)}`)).add(secp256k1.Point.BASE.multiply(scalar))
      if (point.is0()) return null
      const [prefix, ...xOnlyPubkey] = point.toBytes(true)
      return { parity: prefix === 3 ? 1 : 0, xOnlyPubkey: Uint8Array.from(xOnlyPubkey) }
    },
  })
}

/** As `Psbt.validateSignaturesOfInput` asks: by ECDSA for 33 bytes, by BIP 340 for 32. */
export function isValid(publicKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length === 32) return schnorr.verify(signature, hash, publicKey)
  return secp256k1.verify(signature, hash, publicKey, { prehash: false, lowS: true })
}
