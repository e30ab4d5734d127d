import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect, test } from 'vitest'
import { generateWallet, preprocessSignatures, sign, signAll, type SignItemParameters } from '../../../src/index.ts'
import type { SignParameters } from '../../../src/client/signing/sign-parameters.ts'
import { seededRandom } from '../../support/random.ts'
import { stage } from '../support/devices.ts'

const random = seededRandom('items')
const bytes = () => random(random.int(0, 80))
const HASHES = { sha256, sha256d: (message: Uint8Array) => sha256(sha256(message)), keccak256: keccak_256 }

/** An item of any scheme, key and message, and whether noble takes a signature of it by a key. */
function anyItem(): [SignItemParameters, (signature: Uint8Array, key: Uint8Array) => boolean] {
  const path = random.pick(['m', 'm/0', 'm/0/5', 'm/2147483647'])
  const message = bytes()
  switch (random.int(0, 3)) {
    case 0:
      return [{ scheme: 'ed25519', message, path }, (signature, key) => ed25519.verify(signature, message, key)]
    case 1: {
      const tapTweak = random.pick([undefined, new Uint8Array(0), random(32)])
      const item = { scheme: 'bip340', message, path, ...(tapTweak && { tapTweak }) } as const
      return [item, (signature, key) => schnorr.verify(signature, message, key)]
    }
    case 2: {
      const digest = random(32)
      return [{ scheme: 'ecdsa', digest, path }, (signature, key) => takes(signature, digest, key)]
    }
    default: {
      const hash = random.pick(['sha256', 'sha256d', 'keccak256'] as const)
      const item = { scheme: 'ecdsa', message, hash, path } as const
      return [item, (signature, key) => takes(signature, HASHES[hash](message), key)]
    }
  }
}

function takes(signature: Uint8Array, digest: Uint8Array, key: Uint8Array): boolean {
  return secp256k1.verify(signature, digest, key, { prehash: false, lowS: true })
}

test('signAll makes what as many calls of sign make, with and without preprocessings', async () => {
  const client = stage().device()
  const { id: walletId } = await generateWallet(client)
  for (let run = 0; run < 6; run++) {
    const drawn = Array.from({ length: random.int(1, 7) }, anyItem)
    const items = drawn.map(([item]) => item)
    if (run % 2 === 1) await preprocessSignatures(client, { walletId, count: 7 })
    const made = await signAll(client, { walletId, items })
    expect(made).toHaveLength(items.length)
    for (const [i, [item, isTaken]] of drawn.entries()) {
      const { signature, publicKey, ...rest } = made[i]!
      const alone = await sign(client, { walletId, ...item } as SignParameters)
      expect(alone.publicKey).toEqual(publicKey)
      expect(Object.keys(rest).sort()).toEqual(
        Object.keys(alone)
          .filter((name) => name in rest)
          .sort(),
      )
      expect([isTaken(signature, publicKey), isTaken(alone.signature, publicKey)]).toEqual([true, true])
    }
  }
})
