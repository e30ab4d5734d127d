import { concatBytes, equalBytes } from '../../../util/bytes.ts'
import type { Reader } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Inbox, Message } from '../../session/machine.ts'
import { ecdsaHash, hashOfSeen, others, otStateWith, type SigningSetup } from './signing-setup.ts'

/** The first message of a signer: what it believes the session to be about, and its session nonce. */
export interface Greeting {
  /** The share set, 32 bytes. */
  readonly setId: Uint8Array
  /** otDigest of the setup with each other signer, 32 bytes each, by participant number. */
  readonly digests: ReadonlyMap<number, Uint8Array>
  /** ctx, 32 bytes */
  readonly statement: Uint8Array
  /** 32 random bytes */
  readonly nonce: Uint8Array
}

const ROUND = 1

/** Encodes this signer's greeting as `setId[32] | (n − 1) × otDigest[32] | ctx[32] | nonce[32]`. */
export function writeGreeting(setup: SigningSetup, nonce: Uint8Array): Uint8Array {
  const digests = others(setup).map((participant) => otStateWith(setup, participant).digest)
  return concatBytes(setup.share.record.setId, ...digests, setup.statement, nonce)
}

/** Length in bytes of a greeting. */
export function greetingLength({ signers }: SigningSetup): number {
  return 32 * (signers.length + 2)
}

/** @throws {CodecError} if it is too short */
export function readGreeting({ signers }: SigningSetup, from: number, reader: Reader): Greeting {
  const peersOfSender = signers.map((_, i) => i + 1).filter((number) => number !== from)
  return {
    setId: reader.bytes(32),
    digests: new Map(peersOfSender.map((number) => [number, reader.bytes(32)])),
    statement: reader.bytes(32),
    nonce: reader.bytes(32),
  }
}

/**
 * Checks that all greetings name the same session: the set, then the OT states, then the statement.
 *
 * @param greetings by participant number, this signer's own included
 * @throws {PROTOCOL_ABORTED} SET, OT_DESYNC or SID, which blame nobody
 */
export function checkGreetings(setup: SigningSetup, greetings: readonly Greeting[]): void {
  const { share, self, statement } = setup
  const theirs = others(setup).map((number) => ({ number, greeting: greetings[number - 1] as Greeting }))
  if (!theirs.every(({ greeting }) => equalBytes(greeting.setId, share.record.setId))) {
    abort('SET', ROUND, [], 'a signer uses another share set')
  }
  for (const { number, greeting } of theirs) {
    if (!equalBytes(greeting.digests.get(self) as Uint8Array, otStateWith(setup, number).digest)) {
      abort('OT_DESYNC', ROUND, [], `the oblivious-transfer states with participant ${number} are not of one setup`)
    }
  }
  if (!theirs.every(({ greeting }) => equalBytes(greeting.statement, statement))) {
    abort('SID', ROUND, [], 'a signer signs something else')
  }
}

/** Round 1 of a preprocessing: only the greeting. What is drawn later then depends on every signer's session nonce. */
export function greet(setup: SigningSetup, inbox: Inbox): Message[] {
  const nonce = setup.random('ecdsa session nonce', setup.statement, hashOfSeen(inbox.arrived(ROUND)))(32)
  return [{ to: 0, body: writeGreeting(setup, nonce) }]
}

/**
 * Reads the messages of round 1 of a preprocessing.
 *
 * @returns sid = TH("sign-sid", ctx, nonces)
 * @throws {PROTOCOL_ABORTED} FORMAT, and as {@link checkGreetings}
 */
export function agreeOnPreprocessing(setup: SigningSetup, inbox: Inbox): Uint8Array {
  const greetings = setup.signers.map((_, i) =>
    readMessage(inbox.broadcast(ROUND, i + 1), ROUND, i + 1, (reader) => readGreeting(setup, i + 1, reader)),
  )
  checkGreetings(setup, greetings)
  return ecdsaHash(
    'sign-sid',
    setup.statement,
    greetings.map(({ nonce }) => nonce),
  )
}
