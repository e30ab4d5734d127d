import type { MessageHash } from '../protocol/ecdsa/signing/digest.ts'

/** The most signatures of one `signAll`. */
export const SIGN_ITEMS_MAX = 64

interface AnySignItem {
  /** lower-case hex, at most 64 KiB of bytes */
  readonly message: string
  /** Steps without hardening, such as `m/0/5`; `m` is the wallet's own key. */
  readonly path: string
  /** The index in `intents` of what the message is of. Absent if the client does not say. */
  readonly intent?: number
  /** The input that is signed, of an intent of kind `bitcoinTransaction`; it replaces the one in the intent. */
  readonly input?: number
}

/** An Ed25519 signature of a `signAll`. */
export interface SignEd25519Item extends AnySignItem {
  readonly scheme: 'ed25519'
}

/** A BIP 340 signature of a `signAll`. */
export interface SignBip340Item extends AnySignItem {
  readonly scheme: 'bip340'
  /** As in `SignBip340Request`. */
  readonly tapTweak: string | null
}

/** An ECDSA signature of a `signAll`. */
export interface SignEcdsaItem extends AnySignItem {
  readonly scheme: 'ecdsa'
  /** How the message is hashed; null if the message already is the digest, of 32 bytes. */
  readonly hash: MessageHash | null
}

/** One signature of a `signAll`. */
export type SignItem = SignEd25519Item | SignBip340Item | SignEcdsaItem

/** Makes several signatures with one set: all of them or none. */
export interface SignAllRequest {
  readonly kind: 'signAll'
  readonly walletId: string
  readonly setId: string
  /** 1 to 64. Those of ECDSA come first. */
  readonly items: readonly SignItem[]
  /** What the items are of: each as `encodeIntent` encodes it, in lower-case hex, once for all items that name it. */
  readonly intents?: readonly string[]
  /**
   * The preprocessings of the ECDSA items, in the order of these: 32 bytes each in lower-case hex. Absent: they are made with
   * the set's setup, in two rounds.
   */
  readonly preprocessings?: readonly string[]
}

/** Whether an item is signed by ECDSA. */
export function isEcdsaItem(item: SignItem): item is SignEcdsaItem {
  return item.scheme === 'ecdsa'
}

/** The ECDSA items of a request, which come before all others. */
export function ecdsaItems({ items }: Pick<SignAllRequest, 'items'>): readonly SignEcdsaItem[] {
  return items.filter(isEcdsaItem)
}
