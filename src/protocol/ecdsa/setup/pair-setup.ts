import type { PartyId } from '../../../types.ts'
import { concatBytes, equalBytes, wipe } from '../../../util/bytes.ts'
import type { Reader, Writer } from '../../../util/codec.ts'
import { hedgedRandom } from '../../../util/hedge.ts'
import type { RandomSource } from '../../../util/random.ts'
import { abort, readMessage } from '../../session/abort.ts'
import { createHasher } from '../../transcript/transcript.ts'
import {
  answerOffers,
  type BaseOtBackend,
  type BaseOts,
  finishOffers,
  makeOffers,
  type Offers,
  wipeBaseOts,
  wipeOffers,
} from '../ot/base-ot.ts'
import { OtState, type OtSecrets } from '../ot/ot-state.ts'
import { COLUMNS, OFFERS_ANSWER_BYTES, OFFERS_BYTES, ROW_BYTES, SEED_BYTES } from '../ot/parameters.ts'

const SEED_PART_BYTES = 32
const OFFER_ROUND = 2
const ANSWER_ROUND = 3
const NOTHING = new Uint8Array(0)

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** Who sets up what: the session, this party and the peer, whose participant number is what errors name. */
export interface PairContext {
  readonly backend: BaseOtBackend
  /** sid, 32 bytes */
  readonly sid: Uint8Array
  readonly self: PartyId
  readonly peer: PartyId
  readonly from: number
  /** Which of the two offers base OTs; the other one answers. */
  readonly offering: PartyId
  readonly random: RandomSource
  /** What draws are hedged with; may be empty */
  readonly secret: Uint8Array
}

/** After this party's round 2, `com[32]`, and the offers of the one that offers. */
export interface Offered {
  readonly offers: Offers | undefined
  /** This party's part of the zero-share seed and what hides it in its commitment; secret */
  readonly part: Uint8Array
  readonly blinding: Uint8Array
  readonly message: Uint8Array
}

/** After this party's round 3, `part[32] | blinding[32]`, and the answer of the one that answers. */
export interface Answered extends Offered {
  readonly peerCommitment: Uint8Array
  /** Of the one that answers; secret */
  readonly baseOts: BaseOts | undefined
  /** TH of both messages of round 2, and of this party's of round 3 */
  readonly offerDigest: Uint8Array
  readonly ownAnswer: Uint8Array
}

/** Bytes of the longer of the two messages of a pair in a round: who offers sends more in the one, who answers in the other. */
export function directLength(round: number): number {
  if (round === OFFER_ROUND) return SEED_PART_BYTES + OFFERS_BYTES
  return round === ANSWER_ROUND ? 2 * SEED_PART_BYTES + OFFERS_ANSWER_BYTES : 0
}

const isOffering = ({ self, offering }: PairContext): boolean => self === offering

/** otSid = TH("ot", sid, offering, answering) */
function otSid({ sid, self, peer, offering }: PairContext): Uint8Array {
  return hash('ot', sid, offering, offering === self ? peer : self)
}

function seedCommitment(sid: Uint8Array, from: PartyId, to: PartyId, part: Uint8Array, blinding: Uint8Array) {
  return hash('zero-com', sid, from, to, part, blinding)
}

/** Two byte strings of the two parties, the one of the lower id first. */
function ordered<T>(context: PairContext, own: T, theirs: T): [T, T] {
  return context.self < context.peer ? [own, theirs] : [theirs, own]
}

/** Draws for a round that depend on the session and on what the peer has sent in it. */
function hedged({ random, secret, sid, self, peer }: PairContext, round: number, theirs: Uint8Array): RandomSource {
  return hedgedRandom(random, 'base OTs', secret, sid, self, peer, round, theirs)
}

/** Round 2. */
export function offer(context: PairContext): Offered & { readonly body: Uint8Array } {
  const { backend, sid, self, peer } = context
  const random = hedged(context, OFFER_ROUND, NOTHING)
  const offers = isOffering(context) ? makeOffers(backend, otSid(context), random) : undefined
  const [part, blinding] = [random(SEED_PART_BYTES), random(SEED_PART_BYTES)]
  const body = concatBytes(seedCommitment(sid, self, peer, part, blinding), offers?.message ?? NOTHING)
  return { offers, part, blinding, message: body.slice(), body }
}

/**
 * Round 3: answers the peer's offers, if it is the one that offers.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT or POINT, blaming the peer
 */
export function answer(
  context: PairContext,
  offered: Offered,
  theirs: Uint8Array,
): Answered & { readonly body: Uint8Array } {
  const { backend, sid, self, from } = context
  const { peerCommitment, offers } = readMessage(theirs, OFFER_ROUND, from, (reader) => ({
    peerCommitment: reader.bytes(SEED_PART_BYTES),
    offers: reader.bytes(isOffering(context) ? 0 : OFFERS_BYTES),
  }))
  const random = hedged(context, ANSWER_ROUND, theirs)
  const reply = isOffering(context)
    ? undefined
    : readMessage(
        offers,
        OFFER_ROUND,
        from,
        (reader) => answerOffers(backend, otSid(context), reader.bytes(OFFERS_BYTES), random),
        'POINT',
      )
  const body = concatBytes(offered.part, offered.blinding, reply?.message ?? NOTHING)
  return {
    ...offered,
    peerCommitment,
    baseOts: reply?.baseOts,
    offerDigest: hash('transcript', sid, OFFER_ROUND, ordered(context, offered.message, theirs)),
    ownAnswer: hash('transcript', sid, ANSWER_ROUND, self, body),
    body,
  }
}

/** A finished setup that is not bound to a share set yet: sets get their id while the setup runs. */
export interface PairSetup {
  readonly self: PartyId
  readonly peer: PartyId
  /** TH of everything that the two parties sent each other; the same on both sides */
  readonly transcript: Uint8Array
  readonly secrets: OtSecrets
}

/**
 * Ends the setup with the peer's round 3.
 *
 * CHEAT_SETUP may tell the peer bits of this setup's Δ, which nothing uses then: no ban is needed, but `answered` must never
 * see another answer.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT, POINT or CHEAT_SETUP, blaming the peer
 */
export function finish(context: PairContext, answered: Answered, theirs: Uint8Array): PairSetup {
  const { sid, self, peer, from } = context
  const { part, blinding, reply } = readMessage(theirs, ANSWER_ROUND, from, (reader) => ({
    part: reader.bytes(SEED_PART_BYTES),
    blinding: reader.bytes(SEED_PART_BYTES),
    reply: reader.bytes(isOffering(context) ? OFFERS_ANSWER_BYTES : 0),
  }))
  if (!equalBytes(seedCommitment(sid, peer, self, part, blinding), answered.peerCommitment)) {
    abort('COMMIT', ANSWER_ROUND, [from], `participant ${from} opens another seed than it committed to`)
  }
  const baseOts = baseOtsOf(context, answered, reply)
  const theirAnswer = hash('transcript', sid, ANSWER_ROUND, peer, theirs)
  const [low, high] = ordered(context, self, peer)
  const answers = ordered(context, answered.ownAnswer, theirAnswer)
  return {
    self,
    peer,
    transcript: hash('transcript', sid, low, high, answered.offerDigest, answers),
    secrets: {
      ...baseOts,
      zeroSeed: hash('zero-seed', sid, low, high, ordered(context, answered.part, part)),
    },
  }
}

/** The base OTs, which the caller owns: of the one that answers a copy of what is held. */
function baseOtsOf(context: PairContext, { baseOts, offers }: Answered, reply: Uint8Array): BaseOts {
  if (baseOts !== undefined) {
    const { delta, multiplierSeeds, choiceSeeds } = baseOts
    return { delta: delta.slice(), multiplierSeeds: multiplierSeeds.slice(), choiceSeeds: choiceSeeds.slice() }
  }
  const { backend, from } = context
  const finished = readMessage(
    reply,
    ANSWER_ROUND,
    from,
    (reader) => finishOffers(backend, otSid(context), offers as Offers, reader.bytes(OFFERS_ANSWER_BYTES)),
    'POINT',
  )
  return finished ?? abort('CHEAT_SETUP', ANSWER_ROUND, [from], `participant ${from} extends transfers inconsistently`)
}

/** Binds a setup to the share set that it was run for. The secrets pass on to the result. */
export function bindOtState(setup: PairSetup, setId: Uint8Array): OtState {
  const { self, peer, transcript, secrets } = setup
  return new OtState({ setId, self, peer, digest: hash('digest', transcript, setId) }, { secrets })
}

export function wipeOffered(offered: Offered | Answered): void {
  wipe(offered.part, offered.blinding)
  if (offered.offers !== undefined) wipeOffers(offered.offers)
  if ('baseOts' in offered && offered.baseOts !== undefined) wipeBaseOts(offered.baseOts)
}

/** `part[32] | blinding[32] | message`, and before them of the one that offers `choices[16] | 128 × t[32]`: secret. */
export function writeOffered(writer: Writer, { offers, part, blinding, message }: Offered): void {
  if (offers !== undefined) writer.bytes(offers.choices)
  for (const exponent of offers?.exponents ?? []) writer.bytes(exponent)
  writer.bytes(part).bytes(blinding).bytes(message)
}

/** @throws {CodecError} for anything but what {@link writeOffered} wrote */
export function readOffered(context: PairContext, reader: Reader): Offered {
  const kept = isOffering(context) ? readOffers(context, reader) : undefined
  const [part, blinding] = [reader.bytes(SEED_PART_BYTES), reader.bytes(SEED_PART_BYTES)]
  const message = reader.bytes(SEED_PART_BYTES + (kept === undefined ? 0 : OFFERS_BYTES))
  const offers = kept && { ...kept, message: message.subarray(SEED_PART_BYTES) }
  return { offers, part, blinding, message }
}

function readOffers({ backend }: PairContext, reader: Reader): Omit<Offers, 'message'> {
  const choices = reader.bytes(COLUMNS / 8)
  const exponents = Array.from({ length: COLUMNS }, () => backend.group.decodeScalar(reader.bytes(32)))
  return { choices, exponents }
}

/**
 * What {@link writeOffered} writes, then `peer's com[32] | hash[32] | hash[32]`, and of the one that answers
 * `Δ[16] | 128 seeds | 128 pairs of seeds`: secret.
 */
export function writeAnswered(writer: Writer, answered: Answered): void {
  writeOffered(writer, answered)
  const { peerCommitment, baseOts, offerDigest, ownAnswer } = answered
  writer.bytes(peerCommitment).bytes(offerDigest).bytes(ownAnswer)
  if (baseOts !== undefined) writer.bytes(baseOts.delta).bytes(baseOts.multiplierSeeds).bytes(baseOts.choiceSeeds)
}

/** @throws {CodecError} for anything but what {@link writeAnswered} wrote */
export function readAnswered(context: PairContext, reader: Reader): Answered {
  const offered = readOffered(context, reader)
  const peerCommitment = reader.bytes(SEED_PART_BYTES)
  const [offerDigest, ownAnswer] = [reader.bytes(32), reader.bytes(32)]
  const baseOts = isOffering(context) ? undefined : readBaseOts(reader)
  return { ...offered, peerCommitment, offerDigest, ownAnswer, baseOts }
}

function readBaseOts(reader: Reader): BaseOts {
  return {
    delta: reader.bytes(ROW_BYTES),
    multiplierSeeds: reader.bytes(COLUMNS * SEED_BYTES),
    choiceSeeds: reader.bytes(2 * COLUMNS * SEED_BYTES),
  }
}
