import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { HDKey } from '@scure/bip32'
import type { Intent, WalletKeys } from '../../src/index.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

/** A wallet whose keys are in one place, and what it has been asked to sign. */
export interface FakeWallet extends WalletKeys {
  readonly requests: {
    readonly kind: 'ecdsa' | 'taproot' | 'ed25519'
    readonly path: string
    signed: Uint8Array
    readonly intent: Intent | undefined
  }[]
  /** Of the secp256k1 key: 32 bytes */
  privateKey(path?: string): Uint8Array
}

/** Keys from noble and @scure/bip32 in place of shares: adapters are tested without the protocols. */
export function fakeWallet(random: RandomSource): FakeWallet {
  const root = new HDKey({ privateKey: random(32), chainCode: random(32) })
  const root25519 = random(32)
  const secretAt = (path = 'm') => (path === 'm' ? root25519 : sha256(concatBytes(root25519, utf8(path))))
  const derived = (path = 'm'): HDKey => root.derive(path)
  const privateKey = (path?: string): Uint8Array => derived(path).privateKey as Uint8Array
  const requests: FakeWallet['requests'] = []
  return {
    requests,
    privateKey,
    getPublicKey: async (curve, path) =>
      curve === 'ed25519' ? ed25519.getPublicKey(secretAt(path)) : (derived(path).publicKey as Uint8Array),
    signEcdsa: async ({ digest, path = 'm', intent, signal }) => {
      signal?.throwIfAborted()
      requests.push({ kind: 'ecdsa', path, signed: digest, intent })
      const encoded = secp256k1.sign(digest, privateKey(path), { prehash: false, lowS: true, format: 'recovered' })
      return { signature: encoded.slice(1), recovery: encoded[0] as 0 | 1 }
    },
    signTaproot: async ({ message, path = 'm', intent, signal }) => {
      signal?.throwIfAborted()
      requests.push({ kind: 'taproot', path, signed: message, intent })
      return schnorr.sign(message, taprootOutputSecret(privateKey(path)))
    },
    signEd25519: async ({ message, path = 'm', intent, signal }) => {
      signal?.throwIfAborted()
      requests.push({ kind: 'ed25519', path, signed: message, intent })
      return ed25519.sign(message, secretAt(path))
    },
    // One after the other by the functions beside it, which a test may replace.
    async signAll(requests, { signal } = {}) {
      const signatures: Uint8Array[] = []
      for (const { kind, ...request } of requests) {
        const one = { ...request, signal } as never
        if (kind === 'ecdsa') signatures.push((await this.signEcdsa(one)).signature)
        else signatures.push(await (kind === 'taproot' ? this.signTaproot(one) : this.signEd25519(one)))
      }
      return signatures
    },
  }
}

/** The secret of the output key without scripts (BIP 341 `taproot_tweak_seckey`). */
export function taprootOutputSecret(privateKey: Uint8Array): Uint8Array {
  const { Fn } = secp256k1.Point
  const secret = Fn.fromBytes(privateKey)
  const even = secp256k1.getPublicKey(privateKey)[0] === 2 ? secret : Fn.neg(secret)
  const tag = sha256(utf8('TapTweak'))
  const tweak = Fn.fromBytes(sha256(concatBytes(tag, tag, schnorr.getPublicKey(privateKey))))
  return Fn.toBytes(Fn.add(even, tweak))
}
