import type { Group, Point, Scalar } from '../curve/group.ts'
import { type Curve, CURVES, partyId, type PartyId, type Role } from '../types.ts'
import { abytes } from '../util/bytes.ts'
import { CodecError, Reader, Writer } from '../util/codec.ts'
import { CURVE_CODES, nameOfCode, PURPOSE_CODES, ROLE_CODES } from './codes.ts'
import { parsing } from './parsing.ts'
import type { SetParty, ShareSetRecord } from './types.ts'

/** Where a decoder gets the arithmetic of a curve from. */
export type GroupOf = (curve: Curve) => Group

const VERSION = 1

/**
 * The public record as bytes: `version u8 | curve u8 | setId[32] | walletId[16] | purpose u8 | t u8 | n u8 |
 * n × (id u8 | role u8 | Y_i) | public key | chain code[32]`.
 */
export function encodeShareSetRecord(group: Group, record: ShareSetRecord): Uint8Array {
  const { curve, setId, walletId, purpose, threshold, parties, publicKey, chainCode } = record
  const points = group.encodePoints([...parties.map((party) => party.verifyingShare), publicKey])
  const writer = new Writer()
    .u8(VERSION)
    .u8(CURVE_CODES[curve])
    .bytes(setId)
    .bytes(walletId)
    .u8(PURPOSE_CODES[purpose])
    .u8(threshold)
    .u8(parties.length)
  parties.forEach(({ id, role }, i) =>
    writer
      .u8(id)
      .u8(ROLE_CODES[role])
      .bytes(points[i] as Uint8Array),
  )
  return writer
    .bytes(points[parties.length] as Uint8Array)
    .bytes(chainCode)
    .finish()
}

/**
 * Reads a public record and checks that its verifying shares are those of one polynomial with the public key in its
 * constant term.
 *
 * @throws {SHARE_PARSING_FAILED} for anything but exactly one valid record
 */
export function decodeShareSetRecord(groupOf: GroupOf, bytes: Uint8Array): ShareSetRecord {
  abytes(bytes, undefined, 'record')
  return parsing('share set record', () => {
    const record = readShareSetRecord(groupOf, bytes)
    if (!isConsistent(groupOf(record.curve), record)) {
      throw new CodecError('the verifying shares do not share the public key')
    }
    return record
  })
}

/** Reads a record without the check that costs point multiplications. */
function readShareSetRecord(groupOf: GroupOf, bytes: Uint8Array): ShareSetRecord {
  const reader = new Reader(bytes)
  const version = reader.u8()
  if (version !== VERSION) throw new CodecError(`record version ${version} is not supported`)
  const curve = nameOfCode(CURVE_CODES, reader.u8())
  const group = groupOf(curve)
  const setId = reader.bytes(32)
  const walletId = reader.bytes(16)
  const purpose = nameOfCode(PURPOSE_CODES, reader.u8())
  const threshold = reader.u8()
  const count = reader.u8()
  if (threshold < 2 || threshold > count) throw new CodecError(`threshold ${threshold} of ${count}`)
  const parties: SetParty[] = []
  for (let i = 0; i < count; i++) parties.push(readParty(group, reader, parties.at(-1)?.id ?? 0))
  const publicKey = group.decodePoint(reader.bytes(group.pointLength))
  const chainCode = reader.bytes(32)
  reader.end()
  return { curve, setId, walletId, purpose, threshold, parties, publicKey, chainCode }
}

function readParty(group: Group, reader: Reader, previousId: number): SetParty {
  const id = reader.u8()
  if (id <= previousId) throw new CodecError('party ids do not ascend from 1')
  const role: Role = nameOfCode(ROLE_CODES, reader.u8())
  return { id: partyId(id), role, verifyingShare: group.decodePoint(reader.bytes(group.pointLength)) }
}

/**
 * Whether all n verifying shares lie on one polynomial of degree t−1 through (0, public key).
 *
 * The first t−1 shares and the public key fix such a polynomial; Σ λ_l·Y_l = pk over those and one more party says that
 * this party lies on it too.
 */
export function isConsistent(group: Group, record: ShareSetRecord): boolean {
  const fixed = record.parties.slice(0, record.threshold - 1)
  return record.parties
    .slice(record.threshold - 1)
    .every((party) => group.equalPoints(interpolate(group, [...fixed, party]), record.publicKey))
}

function interpolate(group: Group, parties: readonly SetParty[]): Point {
  const weights: readonly Scalar[] = group.lagrangeCoefficients(parties.map(({ id }) => id))
  return group.linearCombinationVar(
    parties.map((party) => party.verifyingShare),
    weights,
  )
}

/** The party with an id, where the set has one. */
export function findParty(record: ShareSetRecord, id: PartyId): SetParty | undefined {
  return record.parties.find((party) => party.id === id)
}

/** The place of a curve in the one order in which lists over curves are written. */
export function curveOrder(curve: Curve): number {
  return CURVES.indexOf(curve)
}
