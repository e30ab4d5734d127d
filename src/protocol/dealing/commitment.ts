import { equalBytes } from '../../util/bytes.ts'
import { type Reader, Writer } from '../../util/codec.ts'
import type { RandomSource } from '../../util/random.ts'
import { abort } from '../session/abort.ts'
import type { Dealing } from './dealing.ts'
import type { Decommitment } from './decommitment.ts'
import type { SessionEnvironment } from './environment.ts'

/** A dealer's message of round 1. A participant that does not deal sends only the nonce. */
export interface CommitmentMessage {
  /** 32 random bytes; part of the session id */
  readonly nonce: Uint8Array
  /** com_i, 32 bytes: the hash that binds the dealer to its decommitment */
  readonly commitment: Uint8Array
}

type Hidden = Pick<Decommitment, 'encoded' | 'chainCodePart' | 'blinding'>

/** `com_i = TH("com", CTX, i, nonce, C_i, cc_i, ρ_i)`, 32 bytes. A reshare leaves out cc_i. */
function commitmentHash(
  environment: SessionEnvironment,
  participant: number,
  nonce: Uint8Array,
  hidden: Hidden,
): Uint8Array {
  const { encoded, chainCodePart, blinding } = hidden
  return chainCodePart.length === 0
    ? environment.hash('com', environment.context, participant, nonce, encoded, blinding)
    : environment.hash('com', environment.context, participant, nonce, encoded, chainCodePart, blinding)
}

/** Length in bytes of the message of round 1, from a participant that deals or does not. */
export function commitmentLength(deals: boolean): number {
  return deals ? 64 : 32
}

/** The message of round 1: `nonce[32] | com[32]` of a dealer, `nonce[32]` of any other participant. */
export function commitmentMessage(
  environment: SessionEnvironment,
  dealing: Dealing | undefined,
  random: RandomSource,
): Uint8Array {
  const nonce = random(32)
  const writer = new Writer().bytes(nonce)
  if (dealing !== undefined) writer.bytes(commitmentHash(environment, environment.self, nonce, dealing))
  return writer.finish()
}

/** @throws {CodecError} if the message is too short */
export function readCommitmentMessage(reader: Reader): CommitmentMessage {
  return { nonce: reader.bytes(32), commitment: reader.bytes(32) }
}

/** `sid = TH("sid", CTX, nonces)`, with the nonces of all messages of round 1. */
export function sessionId(environment: SessionEnvironment, messages: readonly Uint8Array[]): Uint8Array {
  return environment.hash(
    'sid',
    environment.context,
    messages.map((message) => message.subarray(0, 32)),
  )
}

/**
 * Checks a decommitment against the commitment that its dealer sent before.
 *
 * @param message the dealer's message of round 1
 * @throws {PROTOCOL_ABORTED} COMMIT if the two do not match
 */
export function checkCommitment(
  environment: SessionEnvironment,
  from: number,
  message: CommitmentMessage,
  decommitment: Decommitment,
): void {
  if (!equalBytes(commitmentHash(environment, from, message.nonce, decommitment), message.commitment)) {
    abort('COMMIT', 2, [from], `participant ${from} does not open its commitment`)
  }
}
