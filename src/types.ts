/** The curves that a wallet holds a key on. */
export type Curve = 'secp256k1' | 'ed25519'

/** Every curve, in the one order in which lists over curves are written. */
export const CURVES: readonly Curve[] = ['secp256k1', 'ed25519']

/** What a share set is for. */
export type Purpose = 'signing' | 'backup'

/** Who holds a share. */
export type Role = 'client' | 'server' | 'custodian'

/** What a wallet's signing set can sign with. */
export type SignatureScheme = 'ed25519' | 'bip340' | 'ecdsa'

/** Every kind of backup method. */
export const BACKUP_METHODS = ['PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM'] as const

/** What opens a cipherText. */
export type BackupMethodName = (typeof BACKUP_METHODS)[number]

/** The life of a share set; `docs/protocol.md` has the transitions. */
export type SetState = 'PREPARED' | 'ACTIVE' | 'RETIRING' | 'DESTROYED' | 'ABORTED'

/** The number of a share within its set: 1 to 255, the point at which the polynomial is evaluated. */
export type PartyId = number & { readonly __brand: 'PartyId' }

/**
 * Checks and brands a party id.
 *
 * @throws {RangeError} unless `id` is a whole number from 1 to 255
 */
export function partyId(id: number): PartyId {
  if (typeof id !== 'number') throw new TypeError('a party id must be a number')
  if (!Number.isInteger(id) || id < 1 || id > 255) throw new RangeError(`party id must be 1..255, got ${id}`)
  return id as PartyId
}

/**
 * How ECDSA works with a set once the other side was caught cheating: not at all, or with a new setup for each signature,
 * which is discarded afterwards.
 */
export type OnCheating = 'refuse' | 'ephemeralSetup'

/**
 * When a new set gets its ECDSA setup: in the requests that make the set, or in requests of its own before the set's first
 * ECDSA signature.
 */
export type EcdsaSetup = 'withSet' | 'firstSignature'
