import { partyId, type PartyId } from '../../../types.ts'
import { abytes, wipe } from '../../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../../util/codec.ts'
import type { RandomSource } from '../../../util/random.ts'
import { readMessage } from '../../session/abort.ts'
import { createSession, restoreSession } from '../../session/create-session.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../../session/machine.ts'
import { assertAscendingIds } from '../../session/participants.ts'
import type { Session } from '../../session/session.ts'
import { createHasher } from '../../transcript/transcript.ts'
import type { EcdsaBackend } from '../ot/backend.ts'
import { wipeSecrets } from '../ot/ot-state.ts'
import {
  respond,
  type Responded,
  directLength,
  finish,
  offer,
  type Offered,
  type PeerContext,
  type PeerSetup,
  readResponded,
  readOffered,
  wipeOffered,
  writeResponded,
  writeOffered,
} from './peer-setup.ts'

export { bindOtState, type PeerSetup } from './peer-setup.ts'

const NONCE_BYTES = 32
const SECRET_MAX_BYTES = 64

/** Options of {@link createOtSetup}. `parties`, `binding` and `slow` must be the same for every party. */
export interface OtSetupOptions {
  /** The arithmetic, from `getEcdsaBackend`. */
  readonly backend: EcdsaBackend
  /** All parties of the share set, or for an ephemeral setup the signers, by ascending id. At least two. */
  readonly parties: readonly PartyId[]
  /** This party's id. */
  readonly self: PartyId
  /** 32 bytes that say what the setup is for, such as the hash of the operation. */
  readonly binding: Uint8Array
  /**
   * The parties that compute slowly. They offer the base OTs to every party that is not slow, which takes less than half
   * the time of responding to offers. Default: none. The offers are then spread evenly; of two parties, the second offers.
   */
  readonly slow?: readonly PartyId[]
  /** A cryptographically secure source of random bytes. */
  readonly random: RandomSource
  /** A secret of this party to hedge randomness with, such as its share of an older set. At most 64 bytes. Copied. */
  readonly secret?: Uint8Array
}

interface Config {
  readonly parties: readonly PartyId[]
  readonly self: PartyId
  readonly slow: readonly PartyId[]
  readonly binding: Uint8Array
  readonly secret: Uint8Array
}

/** Which of two parties offers: the slow one if only one is slow, else alternating, so each offers to half of the others. */
function offeringOf({ parties, slow }: Config, one: PartyId, other: PartyId): PartyId {
  if (slow.includes(one) !== slow.includes(other)) return slow.includes(one) ? one : other
  // A distance is odd where the sum of the two positions is.
  const isOddDistance = (parties.indexOf(one) + parties.indexOf(other)) % 2 === 1
  return isOddDistance ? partyId(Math.max(one, other)) : partyId(Math.min(one, other))
}

interface Finished {
  readonly at: 'finished'
  readonly setup: PeerSetup
}

/** The progress of the setup with one peer. */
type SetupProgress =
  | { readonly at: 'start' }
  | { readonly at: 'offered'; readonly held: Offered }
  | { readonly at: 'responded'; readonly held: Responded }
  | Finished

const PROGRESS_CODES = { start: 0, offered: 1, responded: 2 } as const

const hash = createHasher('secp256k1', 'ecdsa-setup')

/** The setup with every peer at once. Round 1 sends nonces, round 2 offers, round 3 responses. */
class SetupMachine implements Machine<readonly PeerSetup[]> {
  readonly protocol = 'ecdsa-setup'
  readonly suite = 'secp256k1'
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  sid: Uint8Array | undefined
  readonly #backend: EcdsaBackend
  readonly #random: RandomSource
  readonly #config: Config
  readonly #progress: Map<PartyId, SetupProgress>

  constructor(backend: EcdsaBackend, random: RandomSource, config: Config) {
    this.#backend = backend
    this.#random = random
    this.#config = config
    this.participants = config.parties.length
    this.self = config.parties.indexOf(config.self) + 1
    this.context = hash('ctx', config.binding, Uint8Array.from(config.parties), Uint8Array.from(config.slow))
    this.#progress = new Map(this.#peers().map((peer) => [peer, { at: 'start' }]))
  }

  expects(round: number): Expected {
    return { broadcast: round === 1 ? NONCE_BYTES : 0, direct: directLength(round) }
  }

  open(): Message[] {
    return [{ to: 0, body: this.#random(NONCE_BYTES) }]
  }

  advance(round: number, inbox: Inbox): MachineStep {
    if (round === 1) return { messages: this.#offer(inbox) }
    if (round === 2) return { messages: this.#respond(inbox) }
    return this.#finish(inbox)
  }

  #offer(inbox: Inbox): Message[] {
    const nonces = this.#config.parties.map((_, i) => {
      const body = inbox.broadcast(1, i + 1)
      return readMessage(body, 1, i + 1, (reader) => reader.bytes(NONCE_BYTES))
    })
    const sid = hash('sid', this.context, nonces)
    this.sid = sid
    return this.#peers().map((peer) => {
      const { body, ...held } = offer(this.#about(peer))
      this.#progress.set(peer, { at: 'offered', held })
      return { to: this.#number(peer), body }
    })
  }

  #respond(inbox: Inbox): Message[] {
    return this.#peers().map((peer) => {
      const progress = this.#progress.get(peer)
      if (progress?.at !== 'offered') throw new RangeError('a response before an offer')
      const theirs = inbox.direct(2, this.#number(peer))
      const { body, ...held } = respond(this.#about(peer), progress.held, theirs)
      this.#progress.set(peer, { at: 'responded', held })
      return { to: this.#number(peer), body }
    })
  }

  #finish(inbox: Inbox): MachineStep {
    for (const peer of this.#peers()) {
      const progress = this.#progress.get(peer)
      if (progress?.at !== 'responded') throw new RangeError('an end before a response')
      const setup = finish(this.#about(peer), progress.held, inbox.direct(3, this.#number(peer)))
      wipeOffered(progress.held)
      this.#progress.set(peer, { at: 'finished', setup })
    }
    return { messages: [], outcome: 'done' }
  }

  /** The caller wipes the secrets of the result: `wipe` no longer does. */
  result(): readonly PeerSetup[] {
    const finished = [...this.#progress.values()].map((progress) => (progress as Finished).setup)
    this.#progress.clear()
    return finished
  }

  /**
   * Writes `n u8 | n × id u8 | self u8 | m u8 | m × slow id u8 | binding[32] | secret length u32 | secret | sid length u32 |
   * sid`, then for every peer `progress u8` and what {@link writeOffered} or {@link writeResponded} writes. Secret.
   */
  encode(writer: Writer): void {
    const { parties, self, slow, binding, secret } = this.#config
    writer.u8(parties.length).bytes(Uint8Array.from(parties)).u8(self)
    writer.u8(slow.length).bytes(Uint8Array.from(slow)).bytes(binding).prefixed(secret)
    writer.prefixed(this.sid ?? new Uint8Array(0))
    for (const progress of this.#progress.values()) {
      if (progress.at === 'finished') throw new RangeError('a setup that is over has no state')
      writer.u8(PROGRESS_CODES[progress.at])
      if (progress.at === 'offered') writeOffered(writer, progress.held)
      if (progress.at === 'responded') writeResponded(writer, progress.held)
    }
  }

  /** @throws {CodecError} for anything but what {@link encode} wrote */
  static decode(backend: EcdsaBackend, random: RandomSource, reader: Reader): SetupMachine {
    const parties = Array.from(reader.bytes(reader.u8()), readId)
    const self = readId(reader.u8())
    const slow = Array.from(reader.bytes(reader.u8()), readId)
    if (!parties.includes(self)) throw new CodecError('inconsistent session state')
    const config = { parties, self, slow, binding: reader.bytes(32), secret: reader.prefixed(SECRET_MAX_BYTES) }
    const machine = new SetupMachine(backend, random, config)
    const sid = reader.prefixed(32)
    machine.sid = sid.length === 0 ? undefined : sid
    for (const peer of machine.#peers()) machine.#progress.set(peer, readProgress(machine.#about(peer), reader))
    return machine
  }

  wipe(): void {
    wipe(this.#config.secret)
    for (const progress of this.#progress.values()) {
      if (progress.at === 'offered' || progress.at === 'responded') wipeOffered(progress.held)
      if (progress.at === 'finished') wipeSecrets(progress.setup.secrets)
    }
  }

  #about(peer: PartyId): PeerContext {
    return {
      backend: this.#backend,
      sid: this.sid as Uint8Array,
      self: this.#config.self,
      peer,
      from: this.#number(peer),
      offering: offeringOf(this.#config, this.#config.self, peer),
      random: this.#random,
      secret: this.#config.secret,
    }
  }

  #peers(): PartyId[] {
    return this.#config.parties.filter((id) => id !== this.#config.self)
  }

  #number(id: PartyId): number {
    return this.#config.parties.indexOf(id) + 1
  }
}

function readId(id: number): PartyId {
  if (id === 0) throw new CodecError('party ids count from 1')
  return partyId(id)
}

function readProgress(context: PeerContext, reader: Reader): SetupProgress {
  const code = reader.u8()
  if (code === PROGRESS_CODES.offered) return { at: 'offered', held: readOffered(context, reader) }
  if (code === PROGRESS_CODES.responded) return { at: 'responded', held: readResponded(context, reader) }
  if (code !== PROGRESS_CODES.start) throw new CodecError(`unknown progress ${code}`)
  return { at: 'start' }
}

/**
 * Creates one party's session of the ECDSA setup, which a share set needs before it can sign. It has three rounds and
 * runs between every two parties. Its result is one {@link PeerSetup} for each peer.
 *
 * The setup does not depend on any key. So it can run next to the key generation or the reshare that makes the set, in the
 * same requests: client 1 → server 1+2 → client 2+3 → server 3.
 *
 * Bind each result to the set with {@link bindOtState} once the set has its id. If two parties bind to different sets, or
 * if a message between them was changed, their digests differ.
 *
 * @throws {TypeError | RangeError} for ids that do not ascend within 1..255, fewer than two parties, a `self` or slow party
 *   that is not among them, a binding that is not 32 bytes, or a secret of more than 64 bytes
 */
export function createOtSetup(options: OtSetupOptions): Session<readonly PeerSetup[]> {
  const { backend, parties, self, binding, slow = [], random, secret = new Uint8Array(0) } = options
  assertAscendingIds(parties)
  if (parties.length < 2) throw new RangeError('a setup takes two parties')
  for (const id of [self, ...slow])
    if (!parties.includes(id)) throw new RangeError(`party ${id} is not among the parties`)
  if (secret.length > SECRET_MAX_BYTES) throw new RangeError(`a secret of at most ${SECRET_MAX_BYTES} bytes`)
  const config = {
    parties: [...parties],
    self,
    slow: parties.filter((id) => slow.includes(id)),
    binding: abytes(binding, 32, 'binding').slice(),
    secret: abytes(secret, undefined, 'secret').slice(),
  }
  return createSession(new SetupMachine(backend, random, config))
}

/**
 * Restores a session of {@link createOtSetup} from its exported state. The state has all options but `backend` and
 * `random`.
 *
 * @param state the result of `export()`; secret. Never restore it a second time: a second check could reveal bits of Δ.
 * @throws {SHARE_PARSING_FAILED} if it is not the state of a setup
 */
export function restoreOtSetup(
  state: Uint8Array,
  { backend, random }: Pick<OtSetupOptions, 'backend' | 'random'>,
): Session<readonly PeerSetup[]> {
  return restoreSession('ecdsa-setup', state, (reader) => SetupMachine.decode(backend, random, reader))
}
