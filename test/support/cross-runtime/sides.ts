import {
  backupWallet,
  createClient,
  generateWallet,
  recoverWallet,
  type Client,
  type Transport,
} from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { signsEcdsa, signsForBothKeys } from '../e2e.ts'
import { methodOf, openingMethodOf, withPasskey, type MethodKind, type MethodPlace } from './methods.ts'

/** A backup on its way from one runtime to the other. */
export interface SealedElsewhere {
  readonly kind: MethodKind
  readonly walletId: string
  readonly cipherText: string
}

/** What both runtimes must agree on. */
export interface Keys {
  readonly secp256k1: string
  readonly ed25519: string
}

/** One runtime, as one user's: it seals backups of a wallet of its own, and opens those of the other one. */
export function side(transport: Transport, place: MethodPlace) {
  const device = (label: string) => createClient({ transport, storage: memoryStore(), label, pool: { size: 0 } })
  let owner: Promise<{ client: Client; walletId: string; keys: Keys }> | undefined

  async function makeWallet() {
    const client = device('owner')
    const { id, publicKeys } = await generateWallet(client)
    return { client, walletId: id, keys: inHex(publicKeys) }
  }

  return {
    async seal(kind: MethodKind): Promise<SealedElsewhere & { readonly keys: Keys }> {
      const { client, walletId, keys } = await (owner ??= makeWallet())
      const method = methodOf(kind, place)
      const { cipherText, confirm } = await withPasskey(() => backupWallet(client, { walletId, method }))
      await confirm()
      return { kind, walletId, cipherText, keys }
    },

    /** Recovers, and signs by every scheme. */
    async open({ kind, walletId, cipherText }: SealedElsewhere): Promise<Keys> {
      const client = device(`recovered by ${kind}`)
      const method = openingMethodOf(kind, place)
      const { publicKeys } = await withPasskey(() =>
        recoverWallet(client, { walletId, cipherText, method, existingSets: 'keep' }),
      )
      const message = utf8(`recovered by ${kind}`)
      await signsForBothKeys(client, walletId, publicKeys, message)
      await signsEcdsa(client, walletId, publicKeys, message)
      return inHex(publicKeys)
    },
  }
}

function inHex({ secp256k1, ed25519 }: { readonly secp256k1: Uint8Array; readonly ed25519: Uint8Array }): Keys {
  return { secp256k1: toHex(secp256k1), ed25519: toHex(ed25519) }
}
