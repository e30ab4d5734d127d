import { concatBytes, equalBytes } from '../../../util/bytes.ts'
import type { Reader } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Inbox, Message } from '../../session/machine.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

/** What a signer says first: what it takes the session to be of, and something fresh. */
export interface Greeting {
  readonly setId: Uint8Array
  /** otDigest with each other signer, by participant number */
  readonly digests: ReadonlyMap<number, Uint8Array>
  readonly statement: Uint8Array
  readonly nonce: Uint8Array
}

const ROUND = 1

/** `setId[32] | (n − 1) × otDigest[32] | ctx[32] | nonce[32]` */
export function writeGreeting(setup: SigningSetup, nonce: Uint8Array): Uint8Array {
  const digests = others(setup).map((participant) => pairWith(setup, participant).digest)
  return concatBytes(setup.share.record.setId, ...digests, setup.statement, nonce)
}

/** Bytes of {@link writeGreeting}. */
export function greetingLength({ signers }: SigningSetup): number {
  return 32 * (signers.length + 2)
}

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
 * Whether all speak of the same thing, in the order that never blames an honest signer: the set, the state of oblivious
 * transfers, what is signed.
 *
 * @param greetings by place, this signer's own included
 * @throws {PROTOCOL_ABORTED} SET, OT_DESYNC or SID, which blame nobody
 */
export function checkGreetings(setup: SigningSetup, greetings: readonly Greeting[]): void {
  const { share, self, statement } = setup
  const theirs = others(setup).map((number) => ({ number, greeting: greetings[number - 1] as Greeting }))
  if (!theirs.every(({ greeting }) => equalBytes(greeting.setId, share.record.setId))) {
    abort('SET', ROUND, [], 'a signer uses another share set')
  }
  for (const { number, greeting } of theirs) {
    if (!equalBytes(greeting.digests.get(self) as Uint8Array, pairWith(setup, number).digest)) {
      abort('OT_DESYNC', ROUND, [], `the oblivious-transfer states with participant ${number} are not of one setup`)
    }
  }
  if (!theirs.every(({ greeting }) => equalBytes(greeting.statement, statement))) {
    abort('SID', ROUND, [], 'a signer signs something else')
  }
}

/** Round 1 of a preprocessing: the greeting alone, so that what is drawn for it can depend on every signer's nonce. */
export function greet(setup: SigningSetup, inbox: Inbox): Message[] {
  const nonce = setup.random('ecdsa session nonce', setup.statement, inbox.arrived(ROUND))(32)
  return [{ to: 0, body: writeGreeting(setup, nonce) }]
}

/**
 * @returns sid = TH("sign-sid", ctx, nonces) of a preprocessing
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
