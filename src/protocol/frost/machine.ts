import type { Scalar } from '../../curve/group.ts'
import { isProtocolError } from '../../errors.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { abort, readMessage } from '../session/abort.ts'
import { readSecret, SCALAR_LENGTH } from '../dealing/dealing.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../session/machine.ts'
import { orWipe, requireStatement, writeStatement } from '../session/statement.ts'
import type { Suite } from '../transcript/tags.ts'
import { createHasher, type Hasher } from '../transcript/transcript.ts'
import { aggregate } from './aggregate.ts'
import { commitmentLength, decodeCommitment, type NonceCommitment } from './commitment.ts'
import { commit, noncesOf, type SigningNonces } from './nonces.ts'
import { signShare } from './sign.ts'
import { prepareSigning, type SigningPackage } from './signing-package.ts'
import type { FrostSuite } from './suites.ts'

/** The result of a FROST session. */
export interface SigningResult {
  /** R ‖ z, if this party learns the signature: 64 bytes for ed25519 and bip340, 65 for secp256k1. */
  readonly signature?: Uint8Array
}

/** The options of a signing session, after they were checked. */
export interface SigningSetup {
  readonly suite: FrostSuite
  /** This signer's share. */
  readonly share: KeyShare
  /** By ascending id. */
  readonly signers: readonly PartyId[]
  /** The one signer that learns the signature; undefined if all do. */
  readonly aggregator: PartyId | undefined
  /** The session's own copy. */
  readonly message: Uint8Array
  /** The hash of what the message is of, if that is known. */
  readonly intent: Uint8Array | undefined
  readonly random: RandomSource
}

/** What a signer has done so far: nothing, sent its commitments, or computed its signature share. */
type FrostProgress =
  | { readonly at: 'start'; readonly sid?: undefined }
  | { readonly at: 'committed'; readonly nonces: SigningNonces; readonly sid?: undefined }
  | { readonly at: 'signed'; readonly sid: Uint8Array; readonly own: Scalar }

const PROGRESS_CODES = { start: 0, committed: 1, signed: 2 } as const

/** One signer of one message. It sends D_i ‖ E_i in round 1 and z_i in round 2. */
export class SigningMachine implements Machine<SigningResult> {
  readonly protocol = 'frost'
  readonly suite: Suite
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  readonly #share: KeyShare
  readonly #hash: Hasher<'frost'>
  #progress: FrostProgress = { at: 'start' }
  #signing: SigningPackage | undefined
  #result: SigningResult = {}

  constructor(setup: SigningSetup) {
    const { suite, share, signers, aggregator, message, intent } = setup
    this.suite = suite.name
    this.participants = signers.length
    this.self = signers.indexOf(share.id) + 1
    this.#setup = setup
    this.#share = { ...share, secretShare: secretOf(share).slice() as Scalar }
    this.#hash = createHasher(suite.name, 'frost')
    // The set id covers the set's parties and threshold. The public key covers a derivation from the set's own key.
    // Signers with another set, key, message, intent or list of signers have another context: their messages are dropped
    // before any cryptography.
    const { setId, publicKey } = share.record
    const key = suite.group.encodePoint(publicKey)
    const signed = intent === undefined ? [message] : [message, intent]
    this.context = this.#hash('ctx', setId, key, Uint8Array.from(signers), aggregator ?? 0, ...signed)
  }

  /** @throws {CodecError} for anything but what {@link encode} wrote in a session with this setup */
  static decode(setup: SigningSetup, reader: Reader): SigningMachine {
    const machine = new SigningMachine(setup)
    return orWipe(machine, () => {
      requireStatement(reader, machine)
      machine.#progress = readProgress(setup, reader)
    })
  }

  get sid(): Uint8Array | undefined {
    return this.#progress.sid
  }

  expects(round: number): Expected {
    const { suite, aggregator, share } = this.#setup
    if (round === 1) return { broadcast: commitmentLength(suite), direct: 0 }
    if (round !== 2) return { broadcast: 0, direct: 0 }
    return {
      broadcast: aggregator === undefined ? SCALAR_LENGTH : 0,
      direct: aggregator === share.id ? SCALAR_LENGTH : 0,
    }
  }

  open(inbox: Inbox): readonly Message[] {
    const { suite } = this.#setup
    const { id, secretShare } = this.#share
    const random = hedgedRandom(this.#setup.random, 'frost nonces', secretShare, this.context, inbox.arrived(1))
    const nonces = commit(suite, id, secretShare, random)
    this.#progress = { at: 'committed', nonces }
    return [{ to: 0, body: nonces.commitment.encoded }]
  }

  advance(round: number, inbox: Inbox): MachineStep {
    return round === 1 ? this.#sign(inbox) : this.#aggregate(inbox)
  }

  result(): SigningResult {
    return this.#result
  }

  /**
   * Writes `CTX[32] | self u8 | progress u8`, followed by `d_i[32] | e_i[32]` once commitments were sent, or by
   * `sid[32] | z_i[32]` once the share was computed. Secret. Spends the nonces: only the bytes have them afterwards.
   */
  encode(writer: Writer): void {
    writeStatement(writer, this)
    writer.u8(PROGRESS_CODES[this.#progress.at])
    if (this.#progress.at === 'committed') {
      this.#progress.nonces.spend((hiding, binding) => writer.bytes(hiding).bytes(binding))
    } else if (this.#progress.at === 'signed') {
      writer.bytes(this.#progress.sid).bytes(this.#progress.own)
    }
  }

  wipe(): void {
    wipe(this.#share.secretShare)
    if (this.#progress.at === 'committed') this.#progress.nonces.dispose()
  }

  /** Handles round 1: computes z_i. */
  #sign(inbox: Inbox): MachineStep {
    if (this.#progress.at !== 'committed') throw new RangeError('no nonces to sign with')
    const { nonces } = this.#progress
    const { share, signers, aggregator } = this.#setup
    const commitments = this.#commitments(inbox)
    const signing = this.#prepare(commitments)
    const own = signShare(signing, this.#share.secretShare, nonces)
    const sid = this.#hash(
      'sid',
      this.context,
      commitments.map(({ encoded }) => encoded),
    )
    this.#progress = { at: 'signed', sid, own }
    this.#signing = signing
    if (aggregator === share.id) return { messages: [] }
    const to = aggregator === undefined ? 0 : signers.indexOf(aggregator) + 1
    // A z_i that is sent to one participant is not needed here any more, and the session wipes it.
    return { messages: [{ to, body: own }], ...(to === 0 ? {} : { outcome: 'done' }) }
  }

  /** Handles round 2: computes the signature, or finds whose share is wrong. */
  #aggregate(inbox: Inbox): MachineStep {
    if (this.#progress.at !== 'signed') throw new RangeError('no signature share of this signer')
    const { suite, signers, aggregator } = this.#setup
    const shares = new Map([[this.#share.id, this.#progress.own]])
    for (const [i, id] of signers.entries()) {
      const from = i + 1
      if (from === this.self) continue
      const body = aggregator === undefined ? inbox.broadcast(2, from) : inbox.direct(2, from)
      shares.set(
        id,
        readMessage(body, 2, from, (reader) => readShare(suite, reader)),
      )
    }
    const signing = this.#signing ?? this.#prepare(this.#commitments(inbox))
    this.#result = { signature: this.#blamingParticipants(() => aggregate(signing, shares)) }
    return { messages: [], outcome: 'done' }
  }

  #commitments(inbox: Inbox): NonceCommitment[] {
    const { suite, signers } = this.#setup
    return signers.map((id, i) => {
      const from = i + 1
      if (from === this.self && this.#progress.at === 'committed') return this.#progress.nonces.commitment
      const body = readMessage(inbox.broadcast(1, from), 1, from, (reader) => reader.bytes(commitmentLength(suite)))
      const decode = (reader: Reader) => decodeCommitment(suite, id, reader.bytes(body.length))
      return readMessage(body, 1, from, decode, 'POINT')
    })
  }

  #prepare(commitments: readonly NonceCommitment[]): SigningPackage {
    const { suite, share, message } = this.#setup
    return prepareSigning(suite, share.record, commitments, message)
  }

  /** Translates blame from party ids, which `aggregate` names, to participant numbers, which a session names. */
  #blamingParticipants<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (!isProtocolError(error)) throw error
      const blame = error.blame.map((id) => this.#setup.signers.indexOf(id as PartyId) + 1)
      return abort(error.reason, error.round, blame, 'the signature does not verify')
    }
  }
}

/** Reads what `SigningMachine.encode` wrote after the statement. */
function readProgress({ suite, share }: SigningSetup, reader: Reader): FrostProgress {
  const code = reader.u8()
  if (code === PROGRESS_CODES.start) return { at: 'start' }
  if (code === PROGRESS_CODES.signed) return { at: 'signed', sid: reader.bytes(32), own: readShare(suite, reader) }
  if (code !== PROGRESS_CODES.committed) throw new CodecError(`unknown progress ${code}`)
  const hiding = readSecret(suite.group, reader)
  try {
    return { at: 'committed', nonces: noncesOf(suite, share.id, hiding, readSecret(suite.group, reader)) }
  } catch (error) {
    wipe(hiding)
    throw error
  }
}

/** Reads z_i. Zero is a valid scalar (RFC 9591 §3.1): a share of zero is only found wrong when it is verified. */
function readShare(suite: FrostSuite, reader: Reader): Scalar {
  return suite.group.decodeScalar(reader.bytes(32), { allowZero: true })
}
