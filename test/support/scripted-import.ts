import type { Group, Scalar } from '../../src/curve/group.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import type { KeyShare } from '../../src/key-share/index.ts'
import { commitmentMessage, sessionId } from '../../src/protocol/dealing/commitment.ts'
import { contextHash } from '../../src/protocol/dealing/context.ts'
import { deal, type Dealing } from '../../src/protocol/dealing/dealing.ts'
import { decommitmentMessage } from '../../src/protocol/dealing/decommitment.ts'
import { createImport, type ImportTerms } from '../../src/protocol/import/index.ts'
import { sealShare } from '../../src/protocol/import/sealing.ts'
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/session/envelope.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import { createHasher } from '../../src/protocol/transcript/transcript.ts'
import { partyId } from '../../src/types.ts'
import { concatBytes } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'
import type { Verdict } from './scripted-party.ts'
import { newParties } from './sets.ts'

/** What a cheat does otherwise than an honest participant; bodies are without headers. */
export interface ImportCheat {
  readonly dealing?: (honest: Dealing) => Dealing
  readonly commitment?: (honest: Uint8Array, victims: Uint8Array) => Uint8Array
  readonly opening?: (honest: Uint8Array, victims: Uint8Array) => Uint8Array
  /** Replaces the share before it is sealed, if it is. */
  readonly share?: (honest: Scalar) => Scalar
  /** Replaces the message that carries the share. */
  readonly parcel?: (honest: Uint8Array) => Uint8Array
}

const WALLET_ID = new Uint8Array(16).fill(7)

/** The terms of an import by party 1 of two. */
export function importTerms(group: Group, secret: Scalar, self: number, random: RandomSource): ImportTerms {
  return {
    ...{ group, walletId: WALLET_ID, purpose: 'signing', threshold: 2, parties: newParties([1, 2]), random },
    ...{ self: partyId(self), dealer: partyId(1), publicKey: group.encodePoint(group.multiplyBase(secret)) },
  }
}

/** The sessions of an import by party 1 of two. */
export function importSessions(
  group: Group,
  secret: Scalar,
  random: RandomSource,
): [Session<KeyShare>, Session<KeyShare>] {
  return [
    createImport({ ...importTerms(group, secret, 1, random), secret }),
    createImport(importTerms(group, secret, 2, random)),
  ]
}

/**
 * Plays one participant of an import against an honest other, up to round 2.
 *
 * @param cheat.as 1: the dealer cheats; 2: the other does
 */
export function cheatInImport(
  group: Group,
  secret: Scalar,
  random: RandomSource,
  { as, ...cheat }: ImportCheat & { readonly as: 1 | 2 },
): Verdict {
  const victimId = as === 1 ? 2 : 1
  const victim = importSessions(group, secret, random)[victimId - 1]!
  const { publicKey, walletId, purpose, threshold, parties } = importTerms(group, secret, as, random)
  const hash = createHasher(group.curve, 'import')
  const participants = parties.map((receiver, i) => (i === 0 ? { receiver, dealer: receiver.id } : { receiver }))
  const imported = { publicKey, chainCode: undefined }
  const agreed = { group, walletId, purpose, threshold, participants, imported, flags: 0 }
  const context = contextHash(hash, { protocol: 'import', ...agreed })
  const setting = { group, hash, context, self: as, random }
  const constant = as === 1 ? secret : group.randomScalar(random)
  const honest = deal(group, { constant, threshold: as === 1 ? 2 : 1, chainCodePart: random(32) }, random)
  const dealing = cheat.dealing?.(honest) ?? honest
  const sent: number[] = []
  const bodies = (out: readonly Uint8Array[]) =>
    out.map((bytes) => {
      const { round, body } = decodeEnvelope(bytes)
      sent.push(round)
      return body
    })
  const say = (round: number, to: number, sid: Uint8Array, body: Uint8Array) =>
    victim.receive(encodeEnvelope({ protocol: 'import', suite: group.curve, round, from: as, to, sid, body }))
  try {
    const [hello] = bodies(victim.start().out) as [Uint8Array]
    const own = commitmentMessage(setting, dealing, random)
    const honestCommitment = as === 1 ? own : concatBytes(own, generateKeyPair(random).publicKey)
    const commitment = cheat.commitment?.(honestCommitment, hello) ?? honestCommitment
    say(1, 0, context, commitment)
    const [opening] = bodies(victim.advance().out) as [Uint8Array]
    const sid = sessionId(setting, as === 1 ? [commitment, hello] : [hello, commitment])
    const identified = { ...setting, sid }
    const ownOpening = decommitmentMessage(identified, dealing)
    say(2, 0, sid, cheat.opening?.(ownOpening, opening) ?? ownOpening)
    const evaluation = group.evaluatePolynomial(dealing.coefficients, [victimId])[0]!
    const share = cheat.share?.(evaluation) ?? evaluation
    const parcel = as === 1 ? sealShare(identified, victimId, hello.subarray(64), share) : share
    say(2, victimId, sid, cheat.parcel?.(parcel) ?? parcel)
    bodies(victim.advance().out)
    return { error: undefined, sent }
  } catch (error) {
    return { error, sent }
  }
}
