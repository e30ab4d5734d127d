import { ed25519 } from '@noble/curves/ed25519.js'
import type { SignAllRequest, SignItem } from '../../../src/wire/sign-items.ts'
import type { KeyShare, WalletShares } from '../../../src/key-share/index.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import { ClientOperation, type HeldPreprocessing, type ServerClient } from '../../support/server-client.ts'
import { nobleTakes } from './ecdsa.ts'
import { setIdOf, type TestWallet } from './wallets.ts'

/** Makes several signatures, with preprocessings if there are any. */
export function signAll(
  client: ServerClient,
  { signing, pair }: Pick<TestWallet, 'signing' | 'pair'>,
  items: readonly SignItem[],
  preprocessings?: readonly HeldPreprocessing[],
): ClientOperation {
  const request: SignAllRequest = {
    kind: 'signAll',
    walletId: toHex(signing.walletId),
    setId: setIdOf(signing),
    items,
    ...(preprocessings && { preprocessings: preprocessings.map(({ id }) => id) }),
  }
  return new ClientOperation(client, request, signing, { pair, preprocessings })
}

/** Of each item, whether noble takes what an operation has signed. */
export function nobleTakesAll({ request, signatures }: ClientOperation, signing: WalletShares): boolean[] {
  const { items } = request as SignAllRequest
  return items.map((item, i) => {
    const signature = signatures[i]!
    // The tests sign with ed25519 by the set's own key alone.
    if (item.scheme !== 'ed25519') return nobleTakes({ request: item as never, signature }, signing)
    const { record } = signing.shares.find((share) => share.record.curve === 'ed25519') as KeyShare
    return ed25519.verify(signature, fromHex(item.message), getGroup('ed25519').encodePoint(record.publicKey))
  })
}

export const digest = (i: number) => toHex(new Uint8Array(32).fill(i))
export const ecdsa = (i: number, path = 'm'): SignItem => ({ scheme: 'ecdsa', message: digest(i), hash: null, path })
export const bip340: SignItem = { scheme: 'bip340', message: digest(9), path: 'm/1', tapTweak: '' }
export const edwards: SignItem = { scheme: 'ed25519', message: toHex(utf8('a message')), path: 'm' }
export const mixed: readonly SignItem[] = [ecdsa(1), ecdsa(2, 'm/3'), bip340, edwards]
