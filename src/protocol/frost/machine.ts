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

/** What a FROST session ends with. */
export interface SigningResult {
  /** R ‖ z, where this party learns the signature. */
  readonly signature?: Uint8Array
}

/** The options of a signing session after validation; the message is the machine's own copy. */
export interface SigningSetup {
  readonly suite: FrostSuite
  readonly share: KeyShare
  readonly signers: readonly PartyId[]
  readonly aggregator: PartyId | undefined
  readonly message: Uint8Array
  readonly random: RandomSource
}

/** Where a signer stands: nothing sent, commitments sent, share computed. */
type Progress =
  | { readonly at: 'start'; readonly sid?: undefined }
  | { readonly at: 'committed'; readonly nonces: SigningNonces; readonly sid?: undefined }
  | { readonly at: 'signed'; readonly sid: Uint8Array; readonly own: Scalar }

const PROGRESS_CODES = { start: 0, committed: 1, signed: 2 } as const

/** One signer of one message. Round 1 carries D_i ‖ E_i, round 2 z_i. */
export class SigningMachine implements Machine<SigningResult> {
  readonly protocol = 'frost'
  readonly suite: Suite
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  readonly #share: KeyShare
  readonly #hash: Hasher<'frost'>
  #progress: Progress = { at: 'start' }
  #signing: SigningPackage | undefined
  #result: SigningResult = {}

  constructor(setup: SigningSetup) {
    const { suite, share, signers, aggregator, message } = setup
    this.suite = suite.name
    this.participants = signers.length
    this.self = signers.indexOf(share.id) + 1
    this.#setup = setup
    this.#share = { ...share, secretShare: secretOf(share).slice() as Scalar }
    this.#hash = createHasher(suite.name, 'frost')
    // The set id stands for the set's parties and threshold, the key for what is derived from the set's own. Signers of
    // other sets or keys, of another message or with other partners have another context, and their messages are dropped
    // before any cryptography.
    const { setId, publicKey } = share.record
    const key = suite.group.encodePoint(publicKey)
    this.context = this.#hash('ctx', setId, key, Uint8Array.from(signers), aggregator ?? 0, message)
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

  play(round: number, inbox: Inbox): MachineStep {
    return round === 1 ? this.#sign(inbox) : this.#aggregate(inbox)
  }

  result(): SigningResult {
    return this.#result
  }

  /**
   * `CTX[32] | self u8 | progress u8`, then `d_i[32] | e_i[32]` or `sid[32] | z_i[32]`: secret. Spends the nonces: they live
   * on in the bytes alone.
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

  /** Round 1 is in: computes z_i. */
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
    // Sent to one participant, z_i is of no more use here, and the session wipes it.
    return { messages: [{ to, body: own }], ...(to === 0 ? {} : { outcome: 'done' }) }
  }

  /** Round 2 is in: the signature, or who spoilt it. */
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

  /** The algebra blames by party id, a session by participant number. */
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
function readProgress({ suite, share }: SigningSetup, reader: Reader): Progress {
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

/** z_i. Zero is a scalar like any other (RFC 9591 §3.1), and then a wrong share. */
function readShare(suite: FrostSuite, reader: Reader): Scalar {
  return suite.group.decodeScalar(reader.bytes(32), { allowZero: true })
}
