import type { Group, Point, Scalar } from '../../curve/group.ts'
import { concatBytes, equalBytes } from '../../util/bytes.ts'
import type { Reader } from '../../util/codec.ts'
import { abort, readMessage } from '../abort.ts'
import type { Inbox } from '../machine.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

/** What a signer draws for one signature; secret. */
export interface Nonces {
  /** r_i, with R_i = r_i·G */
  readonly nonce: Scalar
  /** φ_i */
  readonly mask: Scalar
  /** ρ_i, which hides R_i in its commitment */
  readonly blinding: Uint8Array
  readonly point: Point
  /** R_i as bytes */
  readonly encoded: Uint8Array
}

/** What round 1 says. */
interface Commitment {
  readonly setId: Uint8Array
  /** otDigest with each other signer, by participant number */
  readonly digests: ReadonlyMap<number, Uint8Array>
  readonly statement: Uint8Array
  readonly sessionNonce: Uint8Array
  readonly hash: Uint8Array
}

const ROUND = 1

export function drawNonces({ backend, statement, random }: SigningSetup): Nonces {
  const { group } = backend
  const draw = random('nonces', statement)
  return noncesOf(group, group.randomScalar(draw), group.randomScalar(draw), draw(32))
}

export function noncesOf(group: Group, nonce: Scalar, mask: Scalar, blinding: Uint8Array): Nonces {
  const point = group.multiplyBase(nonce)
  return { nonce, mask, blinding, point, encoded: group.encodePoint(point) }
}

/** com(R_i) = TH("com-R", setId, i, nonce, R_i, ρ_i) */
function commitTo(
  setup: SigningSetup,
  from: number,
  sessionNonce: Uint8Array,
  encodedR: Uint8Array,
  blinding: Uint8Array,
) {
  const { share, signers } = setup
  return ecdsaHash('com-R', share.record.setId, signers[from - 1] as number, sessionNonce, encodedR, blinding)
}

/** Round 1: `setId[32] | (n − 1) × otDigest[32] | ctx[32] | nonce[32] | com(R_i)[32]` */
export function commitmentMessage(setup: SigningSetup, nonces: Nonces): Uint8Array {
  const { share, self, statement, random } = setup
  const digests = others(setup).map((participant) => pairWith(setup, participant).digest)
  const sessionNonce = random('session nonce', statement)(32)
  const hash = commitTo(setup, self, sessionNonce, nonces.encoded, nonces.blinding)
  return concatBytes(share.record.setId, ...digests, statement, sessionNonce, hash)
}

function readCommitment(setup: SigningSetup, inbox: Inbox, from: number): Commitment {
  const peersOfSender = setup.signers.map((_, i) => i + 1).filter((number) => number !== from)
  return readMessage(inbox.broadcast(ROUND, from), ROUND, from, (reader: Reader) => ({
    setId: reader.bytes(32),
    digests: new Map(peersOfSender.map((number) => [number, reader.bytes(32)])),
    statement: reader.bytes(32),
    sessionNonce: reader.bytes(32),
    hash: reader.bytes(32),
  }))
}

/**
 * Whether all speak of the same thing, in the order that never blames an honest signer: the set, the state of oblivious
 * transfers, what is signed.
 *
 * @returns sigSid = TH("sign-sid", ctx, nonces, coms)
 * @throws {PROTOCOL_ABORTED} SET, OT_DESYNC or SID, which blame nobody; FORMAT
 */
export function agreeOnSession(setup: SigningSetup, inbox: Inbox): Uint8Array {
  const { share, signers, self, statement } = setup
  const all = signers.map((_, i) => readCommitment(setup, inbox, i + 1))
  const theirs = others(setup).map((number) => ({ number, commitment: all[number - 1] as Commitment }))
  if (!theirs.every(({ commitment }) => equalBytes(commitment.setId, share.record.setId))) {
    abort('SET', ROUND, [], 'a signer uses another share set')
  }
  for (const { number, commitment } of theirs) {
    if (!equalBytes(commitment.digests.get(self) as Uint8Array, pairWith(setup, number).digest)) {
      abort('OT_DESYNC', ROUND, [], `the oblivious-transfer states with participant ${number} are not of one set-up`)
    }
  }
  if (!theirs.every(({ commitment }) => equalBytes(commitment.statement, statement))) {
    abort('SID', ROUND, [], 'a signer signs something else')
  }
  return ecdsaHash(
    'sign-sid',
    statement,
    all.map(({ sessionNonce }) => sessionNonce),
    all.map(({ hash }) => hash),
  )
}

/** Whether R_j and its blinding are what participant `from` committed to in round 1. */
export function opensCommitment(
  setup: SigningSetup,
  inbox: Inbox,
  from: number,
  encodedR: Uint8Array,
  blinding: Uint8Array,
): boolean {
  const { sessionNonce, hash } = readCommitment(setup, inbox, from)
  return equalBytes(commitTo(setup, from, sessionNonce, encodedR, blinding), hash)
}
