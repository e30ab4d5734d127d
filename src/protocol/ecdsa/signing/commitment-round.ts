import type { Group, Point, Scalar } from '../../../curve/group.ts'
import { concatBytes, equalBytes } from '../../../util/bytes.ts'
import type { Reader } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Inbox, Message } from '../../session/machine.ts'
import type { VoleStart } from '../ot/arithmetic.ts'
import { checkGreetings, readGreeting, writeGreeting } from './greeting.ts'
import { COLUMN_BYTES, EXTENSION_BYTES } from '../ot/parameters.ts'
import { ecdsaHash, hashOfSeen, others, otStateWith, roundOf, type SigningSetup } from './signing-setup.ts'

/** A signer's random values for one signature; secret. */
export interface Nonces {
  /** k_i, with R_i = k_i·G */
  readonly nonce: Scalar
  /** φ_i of more than two signers. Two signers use their β instead. */
  readonly mask: Scalar
  /** ρ_i, 32 bytes that blind R_i in its commitment */
  readonly blinding: Uint8Array
  /** R_i */
  readonly point: Point
  /** R_i, 33 bytes */
  readonly encoded: Uint8Array
}

/** What a signer keeps as Bob until Alice's response arrives; secret. */
export interface Started extends Pick<VoleStart, 'rows' | 'transcript'> {
  /** 768 + 128 choice bits, 112 bytes */
  readonly choices: Uint8Array
}

/** A signer's commitment to R_i. */
export interface Commitment {
  /** 32 bytes that are used in no other session: the signer's session nonce, or in a preprocessing the session id. */
  readonly fresh: Uint8Array
  /** com(R_i), 32 bytes */
  readonly hash: Uint8Array
}

/** A peer's message as Bob. */
export interface Extension {
  /** The peer's participant number. */
  readonly from: number
  /** The hash that binds the extension to its use, 32 bytes. */
  readonly esid: Uint8Array
  /** u ‖ x ‖ t */
  readonly message: Uint8Array
}

/** The session id, and what the signers have committed to. */
export interface Agreement {
  /** 32 bytes */
  readonly sid: Uint8Array
  /** Of the peers, by participant number. */
  readonly commitments: ReadonlyMap<number, Commitment>
  readonly extensions: readonly Extension[]
  /** com(R_i) of all signers, by participant number. */
  readonly hashes: readonly Uint8Array[]
}

interface Committed {
  readonly nonces: Nonces
  readonly started: Map<number, Started>
  readonly messages: Message[]
}

/** Completes the nonces with R_i. The arguments are not copied. */
export function noncesOf(group: Group, nonce: Scalar, mask: Scalar, blinding: Uint8Array): Nonces {
  const point = group.multiplyBase(nonce)
  return { nonce, mask, blinding, point, encoded: group.encodePoint(point) }
}

/** What a commitment to a nonce is opened with. */
export interface NonceDecommitment {
  /** The participant number of the signer that committed. */
  readonly from: number
  /** R_j, 33 bytes */
  readonly encodedR: Uint8Array
  /** ρ_j, 32 bytes */
  readonly blinding: Uint8Array
}

/** com(R_i) = TH("com-R", statement, i, fresh, R_i, ρ_i); the statement names the set. */
function commitTo(
  { signers }: SigningSetup,
  statement: Uint8Array,
  fresh: Uint8Array,
  decommitment: NonceDecommitment,
) {
  const { from, encodedR, blinding } = decommitment
  return ecdsaHash('com-R', statement, signers[from - 1] as number, fresh, encodedR, blinding)
}

/**
 * Whether R_j and its blinding are what the participant committed to.
 *
 * @param statement the statement of the session in which it committed, which may be an earlier preprocessing
 */
export function opensCommitment(
  setup: SigningSetup,
  statement: Uint8Array,
  { fresh, hash }: Commitment,
  decommitment: NonceDecommitment,
): boolean {
  return equalBytes(commitTo(setup, statement, fresh, decommitment), hash)
}

/** esid = TH("ote", statement, otDigest, fresh, Alice, Bob), to which Bob's extension is bound. */
function extensionSession(setup: SigningSetup, alice: number, bob: number, fresh: Uint8Array): Uint8Array {
  const { signers, self, statement } = setup
  const { digest } = otStateWith(setup, alice === self ? bob : alice)
  return ecdsaHash('ote', statement, digest, fresh, signers[alice - 1] as number, signers[bob - 1] as number)
}

/**
 * Draws the nonces and extends transfers with every peer.
 *
 * @param fresh as in {@link Commitment}
 * @param seen {@link hashOfSeen} of the messages that have arrived before, to hedge randomness with
 */
function draw(setup: SigningSetup, fresh: Uint8Array, seen: Uint8Array) {
  const { backend, self, statement, random } = setup
  const { group, vole } = backend
  const source = random('ecdsa nonces', statement, fresh, seen)
  const nonces = noncesOf(group, group.randomScalar(source), group.randomScalar(source), source(32))
  const hash = commitTo(setup, statement, fresh, {
    from: self,
    encodedR: nonces.encoded,
    blinding: nonces.blinding,
  })
  const started = new Map<number, Started>()
  const extensions = others(setup).map((peer) => {
    const esid = extensionSession(setup, peer, self, fresh)
    const choices = random('ecdsa choices', esid, seen)(COLUMN_BYTES)
    const { message, rows, transcript } = vole.start(esid, otStateWith(setup, peer).secrets.choiceSeeds, choices)
    started.set(peer, { choices, rows, transcript })
    return { peer, message }
  })
  return { nonces, started, hash, extensions }
}

/**
 * Round 1 of a signature. This signer acts as Bob: to all signers a greeting and `com(R_i)[32]`, to each peer
 * `nonce[32] | u | x | t`.
 *
 * The session nonce is in both messages: if they come from two different sessions, that is noticed and is no cheat.
 * Randomness is hedged with the messages that have arrived, so that of two signers the second draws after it has seen all
 * messages of the first.
 */
export function greetAndCommit(setup: SigningSetup, inbox: Inbox): Committed {
  const seen = hashOfSeen(inbox.arrived(roundOf(setup, 'commitment')))
  const nonce = setup.random('ecdsa session nonce', setup.statement, seen)(32)
  const { nonces, started, hash, extensions } = draw(setup, nonce, seen)
  const broadcast = { to: 0, body: concatBytes(writeGreeting(setup, nonce), hash) }
  const direct = extensions.map(({ peer, message }): Message => ({ to: peer, body: concatBytes(nonce, message) }))
  return { nonces, started, messages: [broadcast, ...direct] }
}

/**
 * Reads the messages of round 1 of a signature.
 *
 * @returns among others sid = TH("sign-sid", ctx, nonces, coms)
 * @throws {PROTOCOL_ABORTED} SET, OT_DESYNC or SID, which blame nobody; FORMAT
 */
export function agree(setup: SigningSetup, inbox: Inbox): Agreement {
  const round = roundOf(setup, 'commitment')
  const all = setup.signers.map((_, i) =>
    readMessage(inbox.broadcast(round, i + 1), round, i + 1, (reader: Reader) => ({
      ...readGreeting(setup, i + 1, reader),
      hash: reader.bytes(32),
    })),
  )
  checkGreetings(setup, all)
  const commitments = all.map(({ nonce, hash }): Commitment => ({ fresh: nonce, hash }))
  const extensions = others(setup).map((from): Extension => {
    const { fresh } = commitments[from - 1] as Commitment
    const { nonce, message } = readMessage(inbox.direct(round, from), round, from, (reader) => ({
      nonce: reader.bytes(32),
      message: reader.bytes(EXTENSION_BYTES),
    }))
    if (!equalBytes(nonce, fresh)) abort('SID', round, [], `the messages of participant ${from} are of two sessions`)
    return { from, esid: extensionSession(setup, setup.self, from, fresh), message }
  })
  const hashes = commitments.map(({ hash }) => hash)
  const nonces = commitments.map(({ fresh }) => fresh)
  const sid = ecdsaHash('sign-sid', setup.statement, nonces, hashes)
  return { sid, commitments: ofOthers(setup, commitments), extensions, hashes }
}

/**
 * Round 2 of a preprocessing: to all signers `com(R_i)[32]`, to each peer `u | x | t`.
 *
 * Randomness is hedged with the session nonces of all signers and with the messages of this round that have arrived. Of two
 * signers, the second draws after it has seen all messages of the first.
 */
export function commit(setup: SigningSetup, inbox: Inbox, sid: Uint8Array): Committed {
  const seen = hashOfSeen(inbox.arrived(roundOf(setup, 'commitment')))
  const { nonces, started, hash, extensions } = draw(setup, sid, seen)
  const direct = extensions.map(({ peer, message }): Message => ({ to: peer, body: message }))
  return { nonces, started, messages: [{ to: 0, body: hash }, ...direct] }
}

/** Reads the messages of round 2 of a preprocessing. @throws {PROTOCOL_ABORTED} FORMAT */
export function readCommitments(setup: SigningSetup, inbox: Inbox, sid: Uint8Array): Agreement {
  const round = roundOf(setup, 'commitment')
  const hashes = setup.signers.map((_, i) =>
    readMessage(inbox.broadcast(round, i + 1), round, i + 1, (reader) => reader.bytes(32)),
  )
  const extensions = others(setup).map((from): Extension => {
    const body = inbox.direct(round, from)
    const message = readMessage(body, round, from, (reader) => reader.bytes(EXTENSION_BYTES))
    return { from, esid: extensionSession(setup, setup.self, from, sid), message }
  })
  const commitments = hashes.map((hash): Commitment => ({ fresh: sid, hash }))
  return { sid, commitments: ofOthers(setup, commitments), extensions, hashes }
}

function ofOthers(setup: SigningSetup, commitments: readonly Commitment[]): Map<number, Commitment> {
  return new Map(others(setup).map((number) => [number, commitments[number - 1] as Commitment]))
}
