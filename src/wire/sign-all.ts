import { createHasher } from '../util/tagged-hash.ts'
import { fromHex, utf8 } from '../util/bytes.ts'
import { decodeIntent, intentHash, type Intent } from './intent.ts'
import type { OperationId } from './operations.ts'
import type { SignAllRequest, SignItem } from './sign-items.ts'

const hash = createHasher('wallet', 'operation')

/**
 * What the session of each item is bound to, 32 bytes each: the operation, its wallet and set, all of its items in their
 * order, and the index of this one. A session takes it in place of the hash of an intent. So an item that is changed, moved,
 * repeated, left out or taken from another operation is not signed.
 */
export function itemBindings(operationId: OperationId, request: SignAllRequest): readonly Uint8Array[] {
  const { walletId, setId, items, intents = [] } = request
  const hashes = intents.map((intent) => intentHash(fromHex(intent)))
  const all = items.map((item) => itemHash(item, hashes))
  const batch = hash('batch', fromHex(operationId), fromHex(walletId), fromHex(setId), all)
  return items.map((_, index) => hash('batch-item', batch, index))
}

/** TH("item", scheme, path, message, hash, tweak, [hash of the intent], input); an absent text is empty. */
function itemHash(item: SignItem, intents: readonly Uint8Array[]): Uint8Array {
  const { scheme, path, message, intent, input } = item
  const hashed = item.scheme === 'ecdsa' ? (item.hash ?? '') : ''
  const tweak = item.scheme === 'bip340' && item.tapTweak !== null ? [fromHex(item.tapTweak)] : []
  const about = intent === undefined ? [] : [intents[intent] as Uint8Array]
  return hash('item', utf8(scheme), utf8(path), fromHex(message), utf8(hashed), tweak, about, input ?? 0)
}

/**
 * What each item is of, with the input that it signs; undefined where the client does not say. Items of one intent share
 * its data.
 *
 * @throws {CodecError} for what is no intent
 */
export function itemIntents({ items, intents = [] }: SignAllRequest): readonly (Intent | undefined)[] {
  const decoded = intents.map((intent) => decodeIntent(fromHex(intent)))
  return items.map(({ intent, input }): Intent | undefined => {
    const about = intent === undefined ? undefined : decoded[intent]
    return about?.kind === 'bitcoinTransaction' && input !== undefined ? { ...about, input } : about
  })
}
