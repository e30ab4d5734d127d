import type { Group, Point, Scalar } from '../../src/curve/group.ts'
import { commitmentMessage, sessionId } from '../../src/protocol/dealing/commitment.ts'
import { type Context, contextHash } from '../../src/protocol/dealing/context.ts'
import { deal, type Dealing } from '../../src/protocol/dealing/dealing.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { decommitmentMessage } from '../../src/protocol/dealing/decommitment.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import type { SessionEnvironment } from '../../src/protocol/dealing/environment.ts'
import { createHasher } from '../../src/protocol/transcript/transcript.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { partyId } from '../../src/types.ts'
import { hedgedRandom } from '../../src/util/hedge.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { newParties, PAIR } from './sets.ts'

/** What a cheating participant 2 does otherwise than an honest one; bodies are without headers. */
export interface Cheat {
  /** Replaces its polynomial and commitment. */
  readonly dealing?: (honest: Dealing) => Dealing
  /** Replaces its message of round 1, after it has seen the victim's. */
  readonly commitment?: (honest: Uint8Array, victims: Uint8Array) => Uint8Array
  /** Replaces its broadcast of round 2, after it has seen the victim's. */
  readonly decommitment?: (honest: Uint8Array, victims: Uint8Array) => Uint8Array
  /** Replaces the share that it sends to the victim. */
  readonly share?: (honest: Uint8Array) => Uint8Array
}

/** How a session with a cheat went for participant 1. */
export interface Verdict {
  readonly error: unknown
  /** The rounds of all messages that the victim sent, one entry a message. */
  readonly sent: readonly number[]
}

/** A threshold-2 dealing of participant 2 with chosen coefficients, committed to as an honest one would be. */
export function dealingOf(group: Group, coefficients: readonly Scalar[], honest: Dealing): Dealing {
  const commitment: Point[] = group.multiplyBaseBatch(coefficients)
  return { ...honest, coefficients, commitment, encoded: group.encodePoints(commitment) }
}

const WALLET_ID = new Uint8Array(16).fill(7)

const AGREED = { walletId: WALLET_ID, purpose: 'signing', threshold: 2 } as const

/** What both participants of {@link cheatInKeygen} agree on. */
function keygenContext(group: Group): Context & { readonly protocol: 'keygen' } {
  const participants = newParties([1, 2]).map((receiver) => ({ receiver }))
  return { protocol: 'keygen', group, ...AGREED, participants, flags: 0 }
}

/** The constant that the victim of {@link cheatInKeygen} deals, for whoever knows what its random source gives. */
export function victimsConstant(group: Group, victims: RandomSource): Scalar {
  const { context } = scriptedPartySetting(keygenContext(group), victims)
  return group.randomScalar(hedgedRandom(victims, 'dealing', new Uint8Array(), context, []))
}

/** Plays participant 2 of a two-party key generation against an honest participant 1, up to round 2. */
export function cheatInKeygen(group: Group, random: RandomSource, cheat: Cheat, victims: RandomSource): Verdict {
  const parties = newParties([1, 2])
  const victim = createKeygen({ group, ...AGREED, parties, self: parties[0]!.id, random: victims })
  const setting = scriptedPartySetting(keygenContext(group), random)
  const honest = deal(group, { constant: group.randomScalar(random), threshold: 2, chainCodePart: random(32) }, random)
  return play(victim, setting, 'keygen', cheat.dealing?.(honest) ?? honest, cheat)
}

/**
 * Plays participant 2 of a reshare between two machines against an honest participant 1, up to round 3.
 *
 * @param constant what the cheat deals if its `dealing` says nothing else: λ_2·s_2 for an honest one
 */
export function cheatInReshare(
  group: Group,
  random: RandomSource,
  shares: readonly KeyShare[],
  constant: Scalar,
  cheat: Cheat,
): Verdict {
  const old = shares[0]!.record
  const agreed = { old, purpose: 'backup', threshold: 2, participants: PAIR } as const
  const victim = createReshare({ group, ...agreed, self: 1, share: shares[0]!, random })
  const setting = scriptedPartySetting(
    { protocol: 'reshare', group, walletId: old.walletId, ...agreed, flags: 0 },
    random,
  )
  const honest = deal(group, { constant, threshold: 2, chainCodePart: new Uint8Array(0) }, random)
  return play(victim, setting, 'reshare', cheat.dealing?.(honest) ?? honest, cheat)
}

function scriptedPartySetting(
  context: Context & { readonly protocol: 'keygen' | 'reshare' },
  random: RandomSource,
): SessionEnvironment {
  const hash = createHasher(context.group.curve, context.protocol)
  return { group: context.group, hash, context: contextHash(hash, context), self: 2, random }
}

function play(
  victim: Session<unknown>,
  setting: SessionEnvironment,
  protocol: 'keygen' | 'reshare',
  dealing: Dealing,
  cheat: Cheat,
): Verdict {
  const sent: number[] = []
  const bodies = (out: readonly Uint8Array[]) =>
    out.map((bytes) => {
      const { round, body } = decodeEnvelope(bytes)
      sent.push(round)
      return body
    })
  const say = (round: number, to: number, sid: Uint8Array, body: Uint8Array) =>
    victim.receive(encodeEnvelope({ protocol, suite: setting.group.curve, round, from: 2, to, sid, body }))

  try {
    const [hello] = bodies(victim.start().out) as [Uint8Array]
    const honest = commitmentMessage(setting, dealing, setting.random)
    const commitment = cheat.commitment?.(honest, hello) ?? honest
    say(1, 0, setting.context, commitment)
    const [decommitment] = bodies(victim.advance().out) as [Uint8Array]

    const sid = sessionId(setting, [hello, commitment])
    const own = decommitmentMessage({ ...setting, sid }, dealing)
    say(2, 0, sid, cheat.decommitment?.(own, decommitment) ?? own)
    const share = setting.group.evaluatePolynomial(dealing.coefficients, [partyId(1)])[0]!
    say(protocol === 'keygen' ? 2 : 3, 1, sid, cheat.share?.(share) ?? share)
    bodies(victim.advance().out)
    return { error: undefined, sent }
  } catch (error) {
    return { error, sent }
  }
}
