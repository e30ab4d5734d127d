import type { PartyId } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import type { Reader, Writer } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'
import { abort, readMessage } from '../abort.ts'
import { createHasher } from '../transcript.ts'
import {
  answerBaseOt,
  type BaseOtBackend,
  type BaseOtReceiver,
  finishBaseOt,
  startBaseOt,
  wipeBaseOt,
} from './base-ot.ts'
import { OtPair, type OtSecrets } from './ot-pair.ts'
import { COLUMNS, OT1_BYTES, OT2_BYTES, SEED_BYTES } from './parameters.ts'

const SEED_PART_BYTES = 32
const OFFER_ROUND = 2
const ANSWER_ROUND = 3

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** Who sets up what: the session, this party and the peer, whose participant number is what errors name. */
export interface PairContext {
  readonly backend: BaseOtBackend
  /** sid, 32 bytes */
  readonly sid: Uint8Array
  readonly self: PartyId
  readonly peer: PartyId
  readonly from: number
}

/** After this party's offer: `com[32] | OT1`. */
export interface Offered {
  readonly receiver: BaseOtReceiver
  /** This party's part of the zero-share seed and what hides it in its commitment; secret */
  readonly part: Uint8Array
  readonly blinding: Uint8Array
  readonly message: Uint8Array
}

/** After this party's answer to the peer's offer: `part[32] | blinding[32] | OT2`. */
export interface Answered extends Offered {
  readonly peerCommitment: Uint8Array
  /** 128 pairs; secret */
  readonly choiceSeeds: Uint8Array
  /** TH of both offers, and of this party's answer */
  readonly offers: Uint8Array
  readonly ownAnswer: Uint8Array
}

/** otSid = TH("ot", sid, receiver, sender), of the base OT in one direction. */
function otSid(sid: Uint8Array, receiver: PartyId, sender: PartyId): Uint8Array {
  return hash('ot', sid, receiver, sender)
}

function seedCommitment(sid: Uint8Array, from: PartyId, to: PartyId, part: Uint8Array, blinding: Uint8Array) {
  return hash('zero-com', sid, from, to, part, blinding)
}

/** Two byte strings of the two parties, the one of the lower id first. */
function ordered<T>(context: PairContext, own: T, theirs: T): [T, T] {
  return context.self < context.peer ? [own, theirs] : [theirs, own]
}

/** Offers transfers to the peer, as the receiver of base OTs: this party's side as Alice. */
export function offer(context: PairContext, random: RandomSource): Offered & { readonly body: Uint8Array } {
  const { backend, sid, self, peer } = context
  const receiver = startBaseOt(backend, otSid(sid, self, peer), random)
  const [part, blinding] = [random(SEED_PART_BYTES), random(SEED_PART_BYTES)]
  const body = new Uint8Array(SEED_PART_BYTES + OT1_BYTES)
  body.set(seedCommitment(sid, self, peer, part, blinding))
  body.set(receiver.message, SEED_PART_BYTES)
  return { receiver, part, blinding, message: body.slice(), body }
}

/**
 * Answers the peer's offer, as the sender of base OTs: this party's side as Bob.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT or POINT, blaming the peer
 */
export function answer(
  context: PairContext,
  offered: Offered,
  theirs: Uint8Array,
  random: RandomSource,
): Answered & { readonly body: Uint8Array } {
  const { backend, sid, self, peer, from } = context
  const { peerCommitment, message } = readMessage(theirs, OFFER_ROUND, from, (reader) => ({
    peerCommitment: reader.bytes(SEED_PART_BYTES),
    message: reader.bytes(OT1_BYTES),
  }))
  const reply = readMessage(
    message,
    OFFER_ROUND,
    from,
    (reader) => answerBaseOt(backend, otSid(sid, peer, self), reader.bytes(OT1_BYTES), random),
    'POINT',
  )
  const body = new Uint8Array(2 * SEED_PART_BYTES + OT2_BYTES)
  body.set(offered.part)
  body.set(offered.blinding, SEED_PART_BYTES)
  body.set(reply.message, 2 * SEED_PART_BYTES)
  return {
    ...offered,
    peerCommitment,
    choiceSeeds: reply.keys,
    offers: hash('transcript', sid, OFFER_ROUND, ordered(context, offered.message, theirs)),
    ownAnswer: hash('transcript', sid, ANSWER_ROUND, self, body),
    body,
  }
}

/** A finished set-up that is not bound to a share set yet: sets get their id while the set-up runs. */
export interface PairSetup {
  readonly self: PartyId
  readonly peer: PartyId
  /** TH of everything that the two parties sent each other; the same on both sides */
  readonly transcript: Uint8Array
  readonly secrets: OtSecrets
}

/**
 * Ends the set-up with the peer's answer.
 *
 * @throws {PROTOCOL_ABORTED} FORMAT, COMMIT or POINT, blaming the peer
 */
export function finish(context: PairContext, answered: Answered, theirs: Uint8Array): PairSetup {
  const { backend, sid, self, peer, from } = context
  const { part, blinding, reply } = readMessage(theirs, ANSWER_ROUND, from, (reader) => ({
    part: reader.bytes(SEED_PART_BYTES),
    blinding: reader.bytes(SEED_PART_BYTES),
    reply: reader.bytes(OT2_BYTES),
  }))
  if (!equalBytes(seedCommitment(sid, peer, self, part, blinding), answered.peerCommitment)) {
    abort('COMMIT', ANSWER_ROUND, [from], `participant ${from} opens another seed than it committed to`)
  }
  const multiplierSeeds = readMessage(
    reply,
    ANSWER_ROUND,
    from,
    (reader) => finishBaseOt(backend, otSid(sid, self, peer), answered.receiver, reader.bytes(OT2_BYTES)),
    'POINT',
  )
  const theirAnswer = hash('transcript', sid, ANSWER_ROUND, peer, theirs)
  const [low, high] = ordered(context, self, peer)
  return {
    self,
    peer,
    transcript: hash('transcript', sid, low, high, answered.offers, ordered(context, answered.ownAnswer, theirAnswer)),
    secrets: {
      // The seeds known are those of branch c_i = 1 ⊕ Δ_i.
      delta: answered.receiver.choices.map((byte) => byte ^ 0xff),
      multiplierSeeds,
      choiceSeeds: answered.choiceSeeds.slice(),
      zeroSeed: hash('zero-seed', sid, low, high, ordered(context, answered.part, part)),
    },
  }
}

/** Binds a set-up to the share set that it was run for. The secrets pass on to the result. */
export function bindPair(setup: PairSetup, setId: Uint8Array): OtPair {
  const { self, peer, transcript, secrets } = setup
  return new OtPair({ setId, self, peer, digest: hash('digest', transcript, setId) }, { secrets })
}

export function wipeOffered(offered: Offered | Answered): void {
  wipeBaseOt(offered.receiver)
  wipe(offered.part, offered.blinding, (offered as Partial<Answered>).choiceSeeds)
}

/** `choices[16] | 128 × t_i[32] | part[32] | blinding[32] | offer`: secret. */
export function writeOffered(writer: Writer, offered: Offered): void {
  writer.bytes(offered.receiver.choices)
  for (const exponent of offered.receiver.exponents) writer.bytes(exponent)
  writer.bytes(offered.part).bytes(offered.blinding).bytes(offered.message)
}

/** @throws {CodecError} for anything but what {@link writeOffered} wrote */
export function readOffered(backend: BaseOtBackend, reader: Reader): Offered {
  const choices = reader.bytes(COLUMNS / 8)
  const exponents = Array.from({ length: COLUMNS }, () => backend.group.decodeScalar(reader.bytes(32)))
  const [part, blinding] = [reader.bytes(SEED_PART_BYTES), reader.bytes(SEED_PART_BYTES)]
  const message = reader.bytes(SEED_PART_BYTES + OT1_BYTES)
  return { receiver: { choices, exponents, message: message.subarray(SEED_PART_BYTES) }, part, blinding, message }
}

/** What {@link writeOffered} writes, then `peer's com[32] | 128 pairs of seeds | hash[32] | hash[32]`: secret. */
export function writeAnswered(writer: Writer, answered: Answered): void {
  writeOffered(writer, answered)
  const { peerCommitment, choiceSeeds, offers, ownAnswer } = answered
  writer.bytes(peerCommitment).bytes(choiceSeeds).bytes(offers).bytes(ownAnswer)
}

/** @throws {CodecError} for anything but what {@link writeAnswered} wrote */
export function readAnswered(backend: BaseOtBackend, reader: Reader): Answered {
  return {
    ...readOffered(backend, reader),
    peerCommitment: reader.bytes(SEED_PART_BYTES),
    choiceSeeds: reader.bytes(2 * COLUMNS * SEED_BYTES),
    offers: reader.bytes(32),
    ownAnswer: reader.bytes(32),
  }
}
