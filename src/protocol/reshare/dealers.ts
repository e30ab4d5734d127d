import type { Point } from '../../curve/group.ts'
import { sumCommitments } from '../../secret-sharing/feldman.ts'
import { findParty } from '../../key-share/record.ts'
import type { SetParty } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { equalBytes } from '../../util/bytes.ts'
import type { Reader, Writer } from '../../util/codec.ts'
import { abort, readMessage } from '../session/abort.ts'
import { checkCommitment, readCommitmentMessage } from '../dealing/commitment.ts'
import type { Dealing } from '../dealing/dealing.ts'
import type { Inbox } from '../session/machine.ts'
import {
  checkDegree,
  checkKnowledge,
  type ReceivedDecommitment,
  readDecommitment,
  readPoints,
} from '../dealing/decommitment.ts'
import type { IdentifiedEnvironment, SessionEnvironment } from '../dealing/environment.ts'
import { dealersOf, type ReshareConfig } from './config.ts'

/** A dealer's commitment that has passed the checks of round 2. */
export interface CheckedDealer {
  /** The dealer's participant number. */
  readonly from: number
  /** C_i */
  readonly commitment: readonly Point[]
}

/**
 * Checks the decommitments of all other dealers.
 *
 * @param dealing this participant's own, if it deals
 * @returns all dealers, this participant last if it deals
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, DEGREE, PIN, POINT, POK or PKSUM
 */
export function checkDealers(
  environment: IdentifiedEnvironment,
  config: ReshareConfig,
  dealing: Dealing | undefined,
  inbox: Inbox,
): CheckedDealer[] {
  const { group, self } = environment
  const others = config.participants.flatMap(({ dealer }, i) => (dealer === undefined || i + 1 === self ? [] : [i + 1]))
  const opened = others.map((from): ReceivedDecommitment => {
    const decommitment = readMessage(inbox.broadcast(2, from), 2, from, (reader) => readDecommitment(group, reader, 0))
    return { from, decommitment }
  })
  for (const one of opened) {
    checkCommitment(
      environment,
      one.from,
      readMessage(inbox.broadcast(1, one.from), 1, one.from, readCommitmentMessage),
      one.decommitment,
    )
    checkDegree(one, config.threshold)
  }
  const constants = checkPins(environment, config, opened)
  const dealers = opened.map(({ from, decommitment }, i): CheckedDealer => {
    const higher = readPoints(group, from, decommitment.encoded.slice(1))
    return { from, commitment: [constants[i] as Point, ...higher] }
  })
  checkKnowledge(environment, opened, constants)
  if (dealing !== undefined) dealers.push({ from: self, commitment: dealing.commitment })
  if (!group.equalPoints(totalOf(environment, dealers)[0] as Point, config.old.publicKey)) {
    abort('PKSUM', 2, [], 'what the dealers deal is not the public key')
  }
  return dealers
}

/** ΣC_i */
export function totalOf({ group }: SessionEnvironment, dealers: readonly CheckedDealer[]): readonly Point[] {
  return sumCommitments(
    group,
    dealers.map(({ commitment }) => commitment),
  )
}

/**
 * The constant terms λ_i·Y_i. They follow from the old record, so the received ones are compared as bytes and never
 * decoded.
 *
 * @throws {PROTOCOL_ABORTED} PIN, blaming every dealer of another constant
 */
function checkPins(
  { group }: SessionEnvironment,
  config: ReshareConfig,
  opened: readonly ReceivedDecommitment[],
): Point[] {
  const ids = dealersOf(config.participants)
  const weights = group.lagrangeCoefficients(ids)
  const constants = opened.map(({ from }) => {
    const id = config.participants[from - 1]?.dealer as PartyId
    const { verifyingShare } = findParty(config.old, id) as SetParty
    return group.linearCombinationVar([verifyingShare], [weights[ids.indexOf(id)] as (typeof weights)[number]])
  })
  const encoded = group.encodePoints(constants)
  const blame = opened
    .filter(({ decommitment }, i) => !equalBytes(decommitment.encoded[0] as Uint8Array, encoded[i] as Uint8Array))
    .map(({ from }) => from)
  if (blame.length > 0) abort('PIN', 2, blame, 'a dealer deals another constant than its share of the old set')
  return constants
}

/** Writes `count u8 | count × (from u8 | t' u8 | t' × C_ik)`. */
export function writeDealers({ group }: SessionEnvironment, writer: Writer, dealers: readonly CheckedDealer[]): void {
  writer.u8(dealers.length)
  for (const { from, commitment } of dealers) {
    writer.u8(from).u8(commitment.length)
    for (const point of group.encodePoints(commitment)) writer.bytes(point)
  }
}

/** @throws {CodecError} for anything but what {@link writeDealers} wrote */
export function readDealers({ group }: SessionEnvironment, reader: Reader): CheckedDealer[] {
  return Array.from({ length: reader.u8() }, () => {
    const from = reader.u8()
    const encoded = Array.from({ length: reader.u8() }, () => reader.bytes(group.pointLength))
    return { from, commitment: group.decodePoints(encoded) }
  })
}
