import { partiesOf, WALLET_THRESHOLD } from '../../wire/sessions.ts'
import { MpcError } from '../../errors.ts'
import { decodeWalletSetRecord, encodeWalletSetRecord } from '../../key-share/index.ts'
import type { ShareSetRecord, WalletSetRecord, WalletShares } from '../../key-share/types.ts'
import { CURVES } from '../../types.ts'
import { fromHex, isHex, toHex } from '../../util/bytes.ts'
import type { Client, PublicKeys } from '../types.ts'

/** The header of the inviting device's first message: the public records of the set that deals. */
interface OfferHeader {
  /** A wallet set record in lower-case hex */
  readonly records: string
}

/** What the inviting device tells the joining one of its set. */
export function offerHeader(client: Client, { setId, walletId, purpose, shares }: WalletShares): OfferHeader {
  const records = shares.map(({ record }) => record)
  return { records: toHex(encodeWalletSetRecord(client.group, { setId, walletId, purpose, records })) }
}

/**
 * Reads and validates the records of the set that deals, as any that come from outside.
 *
 * @throws {SHARE_PARSING_FAILED} unless they are those of a wallet's signing set
 */
export function readOffer(client: Client, header: unknown): WalletSetRecord {
  const { records } = (header ?? {}) as Partial<OfferHeader>
  if (!isHex(records)) throw notOffered()
  const offered = decodeWalletSetRecord(client.group, fromHex(records))
  if (!isSigningSet(offered)) throw notOffered()
  return offered
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
