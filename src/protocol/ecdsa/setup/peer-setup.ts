import type { PartyId } from '../../../types.ts'
import { concatBytes, equalBytes, wipe } from '../../../util/bytes.ts'
import type { Reader, Writer } from '../../../util/codec.ts'
import { hedgedRandom } from '../../../util/hedge.ts'
import type { RandomSource } from '../../../util/random.ts'
import { abort, readMessage } from '../../session/abort.ts'
import { createHasher } from '../../transcript/transcript.ts'
import {
  respondToOffers,
  type BaseOtBackend,
  type BaseOts,
  finishOffers,
  makeOffers,
  type Offers,
  wipeBaseOts,
  wipeOffers,
} from '../ot/base-ot.ts'
import { OtState, type OtSecrets } from '../ot/ot-state.ts'
import { COLUMNS, OFFERS_RESPONSE_BYTES, OFFERS_BYTES, ROW_BYTES, SEED_BYTES } from '../ot/parameters.ts'

const SEED_PART_BYTES = 32
const OFFER_ROUND = 2
const RESPONSE_ROUND = 3
const NOTHING = new Uint8Array(0)

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** The setup of two parties in a session, as one of them sees it. */
export interface PeerContext {
  readonly backend: BaseOtBackend
  /** The session id, 32 bytes. */
  readonly sid: Uint8Array
  /** This party's id. */
  readonly self: PartyId
  /** The other party's id. */
  readonly peer: PartyId
  /** The other party's participant number, for errors. */
  readonly from: number
  /** The party that offers base OTs. The other one responds. */
  readonly offering: PartyId
  readonly random: RandomSource
  /** A secret to hedge randomness with. May be empty. */
  readonly secret: Uint8Array
}

/** What a party keeps after it has sent round 2: `com[32]`, followed by the offers if it is the offering party. */
export interface Offered {
  /** Of the offering party. */
  readonly offers: Offers | undefined
  /** This party's part of the zero-share seed, 32 bytes. Secret. */
  readonly part: Uint8Array
  /** 32 random bytes that blind `part` in its commitment. Secret. */
  readonly blinding: Uint8Array
  /** This party's message of round 2. */
  readonly message: Uint8Array
}

/** What a party keeps after it has sent round 3: `part[32] | blinding[32]`, followed by its response to offers, if any. */
export interface Responded extends Offered {
  /** The peer's `com[32]`. */
  readonly peerCommitment: Uint8Array
  /** Of the responding party. Secret. */
  readonly baseOts: BaseOts | undefined
  /** TH of both messages of round 2, 32 bytes */
  readonly offerDigest: Uint8Array
  /** TH of this party's message of round 3, 32 bytes */
  readonly ownResponse: Uint8Array
}

/**
 * Length in bytes of the longer message of a round. In round 2 it is that of the offering party, in round 3 that of the
 * responding party.
 */
export function directLength(round: number): number {
  if (round === OFFER_ROUND) return SEED_PART_BYTES + OFFERS_BYTES
  return round === RESPONSE_ROUND ? 2 * SEED_PART_BYTES + OFFERS_RESPONSE_BYTES : 0
}

const isOffering = ({ self, offering }: PeerContext): boolean => self === offering

/** otSid = TH("ot", sid, offering, responding) */
function otSid({ sid, self, peer, offering }: PeerContext): Uint8Array {
  return hash('ot', sid, offering, offering === self ? peer : self)
}

/** What a party commits to in round 2 and opens in round 3. */
interface SeedDecommitment {
  readonly part: Uint8Array
  readonly blinding: Uint8Array
}

function seedCommitment(sid: Uint8Array, from: PartyId, to: PartyId, { part, blinding }: SeedDecommitment) {
  return hash('zero-com', sid, from, to, part, blinding)
}

/** Orders a value of each party: that of the lower id first. */
function ordered<T>(context: PeerContext, own: T, theirs: T): [T, T] {
  return context.self < context.peer ? [own, theirs] : [theirs, own]
}

/** Randomness for a round, which also depends on the session and on the peer's message. */
function hedged({ random, secret, sid, self, peer }: PeerContext, round: number, theirs: Uint8Array): RandomSource {
  return hedgedRandom(random, 'base OTs', secret, sid, self, peer, round, theirs)
}

/** Computes the message of round 2. */
export function offer(context: PeerContext): Offered & { readonly body: Uint8Array } {
  const { backend, sid, self, peer } = context
  const random = hedged(context, OFFER_ROUND, NOTHING)
  const offers = isOffering(context) ? makeOffers(backend, otSid(context), random) : undefined
  const [part, blinding] = [random(SEED_PART_BYTES), random(SEED_PART_BYTES)]
  const body = concatBytes(seedCommitment(sid, self, peer, { part, blinding }), offers?.message ?? NOTHING)
  return { offers, part, blinding, message: body.slice(), body }
}

/**
 * Computes the message of round 3, with a response to the peer's offers if the peer is the offering party.
 *
 * @param theirs the peer's message of round 2
 * @throws {PROTOCOL_ABORTED} FORMAT or POINT, blaming the peer
 */
export function respond(
  context: PeerContext,
  offered: Offered,
  theirs: Uint8Array,
): Responded & { readonly body: Uint8Array } {
  const { backend, sid, self, from } = context
  const { peerCommitment, offers } = readMessage(theirs, OFFER_ROUND, from, (reader) => ({
    peerCommitment: reader.bytes(SEED_PART_BYTES),
    offers: reader.bytes(isOffering(context) ? 0 : OFFERS_BYTES),
  }))
  const random = hedged(context, RESPONSE_ROUND, theirs)
  const response = isOffering(context)
    ? undefined
    : readMessage(
        offers,
        OFFER_ROUND,
        from,
        (reader) => respondToOffers(backend, otSid(context), reader.bytes(OFFERS_BYTES), random),
        'POINT',
      )
  const body = concatBytes(offered.part, offered.blinding, response?.message ?? NOTHING)
  return {
    ...offered,
    peerCommitment,
    baseOts: response?.baseOts,
    offerDigest: hash('transcript', sid, OFFER_ROUND, ordered(context, offered.message, theirs)),
    ownResponse: hash('transcript', sid, RESPONSE_ROUND, self, body),
    body,
  }
}

/** A finished setup with one peer, before {@link bindOtState} binds it to a share set. The set may have no id yet. */
export interface PeerSetup {
  /** This party's id. */
  readonly self: PartyId
  /** The other party's id. */
  readonly peer: PartyId
  /** TH of all messages between the two parties, 32 bytes. Both have the same. */
  readonly transcript: Uint8Array
  /** Secret; the caller wipes them, unless {@link bindOtState} takes them. */
  readonly secrets: OtSecrets
}

/**
 * Finishes the setup with the peer's message of round 3.
 *
 * CHEAT_SETUP may tell the peer bits of this setup's Δ. Nothing uses that Δ then, so no ban is needed. But `responded` must
 * never be used to check a second response.
 *
 * @param theirs the peer's message of round 3
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, POINT or CHEAT_SETUP, blaming the peer
 */
export function finish(context: PeerContext, responded: Responded, theirs: Uint8Array): PeerSetup {
  const { sid, self, peer, from } = context
  const { part, blinding, response } = readMessage(theirs, RESPONSE_ROUND, from, (reader) => ({
    part: reader.bytes(SEED_PART_BYTES),
    blinding: reader.bytes(SEED_PART_BYTES),
    response: reader.bytes(isOffering(context) ? OFFERS_RESPONSE_BYTES : 0),
  }))
  if (!equalBytes(seedCommitment(sid, peer, self, { part, blinding }), responded.peerCommitment)) {
    abort('COMMIT', RESPONSE_ROUND, [from], `participant ${from} does not open its commitment to a seed`)
  }
  const baseOts = baseOtsOf(context, responded, response)
  const theirResponse = hash('transcript', sid, RESPONSE_ROUND, peer, theirs)
  const [low, high] = ordered(context, self, peer)
  const responses = ordered(context, responded.ownResponse, theirResponse)
  return {
    self,
    peer,
    transcript: hash('transcript', sid, low, high, responded.offerDigest, responses),
    secrets: {
      ...baseOts,
      zeroSeed: hash('zero-seed', sid, low, high, ordered(context, responded.part, part)),
    },
  }
}

/** This party's base OTs, which the caller wipes. Those of the responding party are a copy. */
function baseOtsOf(context: PeerContext, { baseOts, offers }: Responded, response: Uint8Array): BaseOts {
  if (baseOts !== undefined) {
    const { delta, multiplierSeeds, choiceSeeds } = baseOts
    return { delta: delta.slice(), multiplierSeeds: multiplierSeeds.slice(), choiceSeeds: choiceSeeds.slice() }
  }
  const { backend, from } = context
  const finished = readMessage(
    response,
    RESPONSE_ROUND,
    from,
    (reader) => finishOffers(backend, otSid(context), offers as Offers, reader.bytes(OFFERS_RESPONSE_BYTES)),
    'POINT',
  )
  return (
    finished ?? abort('CHEAT_SETUP', RESPONSE_ROUND, [from], `participant ${from} extends transfers inconsistently`)
  )
}

/**
 * Binds a setup to the share set that it was made for.
 *
 * @param setId 32 bytes
 * @returns a state that owns the secrets of `setup`: dispose of the state, and do not use `setup` again
 */
export function bindOtState(setup: PeerSetup, setId: Uint8Array): OtState {
  const { self, peer, transcript, secrets } = setup
  return new OtState({ setId, self, peer, digest: hash('digest', transcript, setId) }, { secrets })
}

/** Wipes what a party keeps between rounds. */
export function wipeOffered(offered: Offered | Responded): void {
  wipe(offered.part, offered.blinding)
  if (offered.offers !== undefined) wipeOffers(offered.offers)
  if ('baseOts' in offered && offered.baseOts !== undefined) wipeBaseOts(offered.baseOts)
}

/** Writes `part[32] | blinding[32] | message`, preceded by the offering party's `choices[16] | 128 × t[32]`. Secret. */
export function writeOffered(writer: Writer, { offers, part, blinding, message }: Offered): void {
  if (offers !== undefined) writer.bytes(offers.choices)
  for (const exponent of offers?.exponents ?? []) writer.bytes(exponent)
  writer.bytes(part).bytes(blinding).bytes(message)
}

/** @throws {CodecError} for anything but what {@link writeOffered} wrote */
export function readOffered(context: PeerContext, reader: Reader): Offered {
  const kept = isOffering(context) ? readOffers(context, reader) : undefined
  const [part, blinding] = [reader.bytes(SEED_PART_BYTES), reader.bytes(SEED_PART_BYTES)]
  const message = reader.bytes(SEED_PART_BYTES + (kept === undefined ? 0 : OFFERS_BYTES))
  const offers = kept && { ...kept, message: message.subarray(SEED_PART_BYTES) }
  return { offers, part, blinding, message }
}

function readOffers({ backend }: PeerContext, reader: Reader): Omit<Offers, 'message'> {
  const choices = reader.bytes(COLUMNS / 8)
  const exponents = Array.from({ length: COLUMNS }, () => backend.group.decodeScalar(reader.bytes(32)))
  return { choices, exponents }
}

/**
 * Writes what {@link writeOffered} writes, then `peer's com[32] | offerDigest[32] | ownResponse[32]`, and for the responding
 * party `Δ[16] | 128 seeds | 128 pairs of seeds`. Secret.
 */
export function writeResponded(writer: Writer, responded: Responded): void {
  writeOffered(writer, responded)
  const { peerCommitment, baseOts, offerDigest, ownResponse } = responded
  writer.bytes(peerCommitment).bytes(offerDigest).bytes(ownResponse)
  if (baseOts !== undefined) writer.bytes(baseOts.delta).bytes(baseOts.multiplierSeeds).bytes(baseOts.choiceSeeds)
}

/** @throws {CodecError} for anything but what {@link writeResponded} wrote */
export function readResponded(context: PeerContext, reader: Reader): Responded {
  const offered = readOffered(context, reader)
  const peerCommitment = reader.bytes(SEED_PART_BYTES)
  const [offerDigest, ownResponse] = [reader.bytes(32), reader.bytes(32)]
  const baseOts = isOffering(context) ? undefined : readBaseOts(reader)
  return { ...offered, peerCommitment, offerDigest, ownResponse, baseOts }
}

function readBaseOts(reader: Reader): BaseOts {
  return {
    delta: reader.bytes(ROW_BYTES),
    multiplierSeeds: reader.bytes(COLUMNS * SEED_BYTES),
    choiceSeeds: reader.bytes(2 * COLUMNS * SEED_BYTES),
  }
}
