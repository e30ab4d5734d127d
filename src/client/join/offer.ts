import { partiesOf, WALLET_THRESHOLD } from '../../wire/sessions.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import { MpcError } from '../../errors.ts'
import { decodeWalletSetRecord, encodeWalletSetRecord } from '../../key-share/index.ts'
import type { ShareSetRecord, WalletSetRecord, WalletShares } from '../../key-share/types.ts'
import { CURVES } from '../../types.ts'
import { fromHex, isHex, toHex } from '../../util/bytes.ts'
import { assertObject, limitsArgument } from '../arguments.ts'
import type { Client, PublicKeys } from '../types.ts'

/** The header of the inviting device's first message: the public records of the set that deals. */
interface OfferHeader {
  /** A wallet set record in lower-case hex */
  readonly records: string
  /** The limits of the new set: absent if it has none. */
  readonly limits?: SetLimits
}

/** What a device is invited to. */
export interface Offer {
  /** The public records of the set that deals. */
  readonly record: WalletSetRecord
  /** Those of the set that this device gets. */
  readonly limits: SetLimits
}

/** What the inviting device tells the joining one of its set, and of the new one. */
export function offerHeader(
  client: Client,
  { setId, walletId, purpose, shares }: WalletShares,
  limits: SetLimits,
): OfferHeader {
  const records = shares.map(({ record }) => record)
  const encoded = toHex(encodeWalletSetRecord(client.group, { setId, walletId, purpose, records }))
  return { records: encoded, ...(Object.keys(limits).length > 0 && { limits }) }
}

/**
 * Reads and validates the records of the set that deals, as any that come from outside, and the limits of the new set.
 *
 * @throws {SHARE_PARSING_FAILED} unless they are those of a wallet's signing set
 */
export function readOffer(client: Client, header: unknown): Offer {
  const { records, limits = {} } = (header ?? {}) as Partial<OfferHeader>
  if (!isHex(records)) throw notOffered()
  const offered = decodeWalletSetRecord(client.group, fromHex(records))
  if (!isSigningSet(offered)) throw notOffered()
  return { record: offered, limits: readLimits(limits) }
}

function readLimits(limits: SetLimits): SetLimits {
  try {
    return limitsArgument(assertObject(limits, 'limits'))
  } catch {
    throw notOffered()
  }
}

function isSigningSet({ purpose, records }: WalletSetRecord): boolean {
  return (
    purpose === 'signing' &&
    records.length === CURVES.length &&
    records.every((record, index) => record.curve === CURVES[index] && hasWalletParties(record))
  )
}

function hasWalletParties({ threshold, parties }: ShareSetRecord): boolean {
  const expected = partiesOf('signing')
  return (
    threshold === WALLET_THRESHOLD &&
    parties.length === expected.length &&
    parties.every(({ id, role }, i) => id === expected[i]!.id && role === expected[i]!.role)
  )
}

/** The public keys of an offered wallet. */
export function offeredKeys(client: Client, { records }: WalletSetRecord): PublicKeys {
  const [secp256k1, ed25519] = records.map(({ curve, publicKey }) => client.group(curve).encodePoint(publicKey))
  return { secp256k1: secp256k1!, ed25519: ed25519! }
}

function notOffered(): MpcError {
  return new MpcError('SHARE_PARSING_FAILED', 'what the other device offers is not the signing set of a wallet')
}
