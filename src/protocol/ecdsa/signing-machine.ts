import type { Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { abort, readMessage } from '../abort.ts'
import type { Expected, Inbox, Machine, Message, Played } from '../machine.ts'
import { checkComparison, checkOpenings, comparisonMessage, type Opened } from './check-round.ts'
import {
  agree,
  type Agreement,
  commit,
  type Commitment,
  greetAndCommit,
  type Nonces,
  readCommitments,
  type Started,
} from './commitment-round.ts'
import { agreeOnPreprocessing, greet } from './greeting.ts'
import { finishMultiplications, multiply, type Multiplied, wipeMultiplied } from './multiplication-round.ts'
import { additiveKey, openingMessages } from './opening-round.ts'
import { COLUMN_BYTES, POINT_BYTES, ROW_BYTES, TRANSFERS } from './parameters.ts'
import {
  type Prepared,
  readingSecrets,
  readNonces,
  readPrepared,
  type SecretReader,
  wipeNonces,
  wipePrepared,
  writeNonces,
  writePrepared,
} from './prepared.ts'
import { Preprocessed } from './preprocessed.ts'
import { Presignature } from './presignature.ts'
import { aggregate, SIGNATURE_SHARE_BYTES, signatureShare, wipeHalves } from './signature-share.ts'
import type { EcdsaSignature } from './signature.ts'
import { ecdsaHash, envelopeContext, isManySigners, others, pairWith, roundOf, type SigningSetup } from './signing-setup.ts'

/** What a session ends with: what it was for; a signature only where this signer learns it. */
export interface EcdsaResult {
  readonly preprocessed?: Preprocessed
  readonly presignature?: Presignature
  readonly signature?: EcdsaSignature
}

/** By participant number, this one left out. */
type Peers<T> = ReadonlyMap<number, T>

/**
 * Where a signer stands: nothing sent, greeted, committed, multiplied as Alice, nothing left but to open its nonce, nonce
 * opened, R compared, signature share computed.
 */
type Progress =
  | { readonly at: 'start' }
  | { readonly at: 'greeted' }
  | {
      readonly at: 'committed'
      /** Of a preprocessing; a signature has none before all have committed. */
      readonly sid: Uint8Array | undefined
      readonly nonces: Nonces
      readonly started: Peers<Started>
    }
  | {
      readonly at: 'multiplied'
      readonly sid: Uint8Array
      readonly nonces: Nonces
      readonly started: Peers<Started>
      readonly commitments: Peers<Commitment>
      /** What a preprocessing will be known by */
      readonly id: Uint8Array
      readonly multiplied: Peers<Multiplied>
    }
  | { readonly at: 'prepared'; readonly sid: Uint8Array; readonly prepared: Prepared }
  | { readonly at: 'opened'; readonly sid: Uint8Array; readonly prepared: Prepared; readonly key: Scalar }
  | { readonly at: 'compared'; readonly sid: Uint8Array; readonly opened: Opened }
  | { readonly at: 'shared'; readonly sid: Uint8Array; readonly encodedR: Uint8Array; readonly share: Uint8Array }

const STEPS = { start: 0, greeted: 1, committed: 2, multiplied: 3, prepared: 4, opened: 5, compared: 6, shared: 7 } as const

/**
 * One signer of a threshold ECDSA signature, or of a part of one: commitments and extensions, products, openings, among
 * more than two a comparison of R, and signature shares.
 */
export class EcdsaMachine implements Machine<EcdsaResult> {
  readonly protocol = 'ecdsa'
  readonly suite = 'secp256k1'
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  #progress: Progress = { at: 'start' }
  #result: EcdsaResult = {}

  /** @param prepared where the session completes a preprocessing, whose id its statement names; it becomes the machine's */
  constructor(setup: SigningSetup, prepared?: Prepared) {
    this.#setup = setup
    this.participants = setup.signers.length
    this.self = setup.self
    this.context = envelopeContext(setup)
    if (prepared !== undefined) this.#progress = { at: 'prepared', sid: ecdsaHash('complete', setup.statement), prepared }
  }

  get sid(): Uint8Array | undefined {
    return 'sid' in this.#progress ? this.#progress.sid : undefined
  }

  expects(round: number): Expected {
    const { mode } = this.#setup
    const is = (what: Parameters<typeof roundOf>[1]): boolean => round === roundOf(this.#setup, what)
    if (round === 1 && mode.kind === 'preprocess') return { broadcast: true, direct: false }
    if (is('commitment') || (is('opening') && mode.kind !== 'preprocess')) return { broadcast: true, direct: true }
    if (is('product')) return { broadcast: false, direct: true }
    if (is('share')) return { broadcast: false, direct: this.#learns(this.self) }
    return { broadcast: is('comparison') && isManySigners(this.#setup) && mode.kind !== 'preprocess', direct: false }
  }

  open(inbox: Inbox): Message[] {
    const progress = this.#progress
    if (progress.at === 'prepared') return this.#showNonce(progress.sid, progress.prepared)
    if (this.#setup.mode.kind === 'preprocess') {
      this.#progress = { at: 'greeted' }
      return greet(this.#setup, inbox)
    }
    const { messages, ...committed } = greetAndCommit(this.#setup, inbox)
    this.#progress = { at: 'committed', sid: undefined, ...committed }
    return messages
  }

  play(round: number, inbox: Inbox): Played {
    const setup = this.#setup
    const progress = this.#progress
    if (this.#awaited(progress) !== round) throw new RangeError(`round ${round} comes after another one`)
    switch (progress.at) {
      case 'greeted': {
        const sid = agreeOnPreprocessing(setup, inbox)
        const { messages, ...committed } = commit(setup, sid)
        this.#progress = { at: 'committed', sid, ...committed }
        return { messages }
      }
      case 'committed': {
        const { nonces, started } = progress
        const agreement = progress.sid === undefined ? agree(setup, inbox) : readCommitments(setup, inbox, progress.sid)
        const { multiplied, messages } = multiply(setup, agreement)
        const { sid, commitments } = agreement
        this.#progress = { at: 'multiplied', sid, nonces, started, commitments, id: idOf(agreement), multiplied }
        return { messages }
      }
      case 'multiplied': {
        const { sid, nonces, started, commitments, id, multiplied } = progress
        const products = finishMultiplications(setup, sid, inbox, started, multiplied)
        wipeStarted(started)
        const prepared = { statement: setup.statement, nonces, commitments, products }
        this.#progress = { at: 'prepared', sid, prepared }
        if (setup.mode.kind !== 'preprocess') return { messages: this.#showNonce(sid, prepared) }
        this.#result = { preprocessed: new Preprocessed(aboutPreprocessing(setup, id), prepared) }
        this.#progress = { at: 'start' }
        return { messages: [], outcome: 'done' }
      }
      case 'opened': {
        const { sid, prepared, key } = progress
        const opened = checkOpenings(setup, inbox, prepared, key)
        this.#wipeProgress()
        this.#progress = { at: 'compared', sid, opened }
        if (!isManySigners(setup)) return this.#share(sid, opened)
        return { messages: [{ to: 0, body: comparisonMessage(setup, opened.encodedR) }] }
      }
      case 'compared': {
        const { sid, opened } = progress
        checkComparison(setup, inbox, opened.encodedR)
        return this.#share(sid, opened)
      }
      default:
        return this.#aggregate(inbox, progress as Extract<Progress, { at: 'shared' }>)
    }
  }

  result(): EcdsaResult {
    return this.#result
  }

  /** The round whose messages a state waits for; none before anything was sent. */
  #awaited({ at }: Progress): number | undefined {
    switch (at) {
      case 'greeted':
        return 1
      case 'committed':
        return roundOf(this.#setup, 'commitment')
      case 'multiplied':
        return roundOf(this.#setup, 'product')
      case 'opened':
        return roundOf(this.#setup, 'opening')
      case 'compared':
        return roundOf(this.#setup, 'comparison')
      case 'shared':
        return roundOf(this.#setup, 'share')
      default:
        return undefined
    }
  }

  #showNonce(sid: Uint8Array, prepared: Prepared): Message[] {
    const key = additiveKey(this.#setup, sid)
    this.#progress = { at: 'opened', sid, prepared, key }
    return openingMessages(this.#setup, prepared, key)
  }

  #share(sid: Uint8Array, { encodedR, halves }: Opened): Played {
    const { mode, backend } = this.#setup
    if (mode.kind === 'presign') {
      this.#progress = { at: 'start' }
      this.#result = { presignature: new Presignature(aboutPresignature(this.#setup, sid, encodedR), halves) }
      return { messages: [], outcome: 'done' }
    }
    if (!('digest' in mode)) throw new RangeError('a preprocessing has no shares')
    const share = signatureShare(backend.group, mode.digest, encodedR, halves)
    this.#wipeProgress()
    this.#progress = { at: 'shared', sid, encodedR, share }
    const messages = others(this.#setup)
      .filter((to) => this.#learns(to))
      .map((to): Message => ({ to, body: share.slice() }))
    return { messages, ...(this.#learns(this.self) ? {} : { outcome: 'done' }) }
  }

  #aggregate(inbox: Inbox, { encodedR, share }: Extract<Progress, { at: 'shared' }>): Played {
    const { backend, mode, signers, share: keyShare, encodedKey } = this.#setup
    if (!('digest' in mode)) throw new RangeError('a preprocessing has no shares')
    const round = roundOf(this.#setup, 'share')
    const shares = new Map<PartyId, Uint8Array>([[keyShare.id, share]])
    for (const from of others(this.#setup)) {
      const body = inbox.direct(round, from)
      const theirs = readMessage(body, round, from, (reader) => reader.bytes(SIGNATURE_SHARE_BYTES))
      shares.set(signers[from - 1] as PartyId, theirs)
    }
    const about = { signers, self: keyShare.id, commitment: encodedR, publicKey: encodedKey, round }
    this.#result = { signature: aggregate(backend.group, about, mode.digest, shares) }
    return { messages: [], outcome: 'done' }
  }

  /** Whether a participant learns the signature. */
  #learns(participant: number): boolean {
    const { mode, signers } = this.#setup
    if (!('digest' in mode)) return false
    return mode.aggregator === undefined || signers[participant - 1] === mode.aggregator
  }

  /**
   * `statement[32] | (n − 1) × otDigest[32] | step u8`, then what `readProgress` reads: secret. Nothing of the share and of
   * the oblivious-transfer states is in it.
   */
  encode(writer: Writer): void {
    const progress = this.#progress
    writer.bytes(this.#setup.statement)
    for (const peer of others(this.#setup)) writer.bytes(pairWith(this.#setup, peer).digest)
    writer.u8(STEPS[progress.at])
    writeProgress(writer, progress)
  }

  /**
   * The machine that {@link encode} wrote, with the setup that it had; the setup's copy of the share is wiped if there is
   * none.
   *
   * @throws {CodecError} for anything else
   * @throws {PROTOCOL_ABORTED} SID for a state of another statement, OT_DESYNC for one of another set-up of a pair
   */
  static decode(setup: SigningSetup, reader: Reader): EcdsaMachine {
    try {
      if (!equalBytes(reader.bytes(32), setup.statement)) {
        abort('SID', 1, [], 'the session signs something else')
      }
      for (const peer of others(setup)) {
        if (equalBytes(reader.bytes(32), pairWith(setup, peer).digest)) continue
        // Checking a peer's answer against another state than it was given for would blame an honest peer.
        abort('OT_DESYNC', 1, [], `the oblivious-transfer state with participant ${peer} is not the session's`)
      }
      const machine = new EcdsaMachine(setup)
      machine.#progress = readingSecrets(setup.backend, reader, (secrets) => readProgress(setup, reader, secrets))
      return machine
    } catch (error) {
      wipe(setup.share.secretShare)
      throw error
    }
  }

  wipe(): void {
    wipe(this.#setup.share.secretShare)
    this.#wipeProgress()
  }

  #wipeProgress(): void {
    const progress = this.#progress
    if ('nonces' in progress) wipeNonces(progress.nonces)
    if ('started' in progress) wipeStarted(progress.started)
    if ('multiplied' in progress) for (const one of progress.multiplied.values()) wipeMultiplied(one)
    if ('prepared' in progress) wipePrepared(progress.prepared)
    if ('key' in progress) wipe(progress.key)
    if ('opened' in progress) wipeHalves(progress.opened.halves)
    if ('share' in progress) wipe(progress.share)
  }
}

function wipeStarted(started: Peers<Started>): void {
  for (const { choices, rows } of started.values()) wipe(choices, rows)
}

/** id = TH("preprocessing", sid, coms) */
function idOf({ sid, hashes }: Agreement): Uint8Array {
  return ecdsaHash('preprocessing', sid, hashes)
}

function aboutPreprocessing(setup: SigningSetup, id: Uint8Array) {
  const { share, signers, mode } = setup
  const digests = others(setup).map((peer) => pairWith(setup, peer).digest)
  return {
    id,
    setId: share.record.setId,
    signers,
    self: share.id,
    digests,
    incarnation: 'incarnation' in mode ? mode.incarnation : 0,
  }
}

function aboutPresignature({ share, signers, encodedKey, mode }: SigningSetup, sid: Uint8Array, encodedR: Uint8Array) {
  return {
    id: ecdsaHash('presignature', sid, encodedR),
    setId: share.record.setId,
    publicKey: encodedKey,
    commitment: encodedR,
    signers,
    self: share.id,
    incarnation: 'incarnation' in mode ? mode.incarnation : 0,
  }
}

function writeProgress(writer: Writer, progress: Progress): void {
  switch (progress.at) {
    case 'start':
    case 'greeted':
      return
    case 'committed':
      writer.prefixed(progress.sid ?? new Uint8Array(0))
      writeNonces(writer, progress.nonces)
      for (const one of progress.started.values()) writeStarted(writer, one)
      return
    case 'multiplied':
      writer.bytes(progress.sid).bytes(progress.id)
      writeNonces(writer, progress.nonces)
      for (const [peer, one] of progress.started) {
        writeStarted(writer, one)
        const { fresh, hash } = progress.commitments.get(peer) as Commitment
        const { inputs, shares } = progress.multiplied.get(peer) as Multiplied
        writer.bytes(fresh).bytes(hash)
        for (const secret of [...inputs, ...shares]) writer.bytes(secret)
      }
      return
    case 'prepared':
      writer.bytes(progress.sid)
      writePrepared(writer, progress.prepared)
      return
    case 'opened':
      writer.bytes(progress.sid)
      writePrepared(writer, progress.prepared)
      writer.bytes(progress.key)
      return
    case 'compared': {
      const { encodedR, halves } = progress.opened
      writer.bytes(progress.sid).bytes(encodedR)
      writer.bytes(halves.mask).bytes(halves.denominator).bytes(halves.keyed)
      return
    }
    case 'shared':
      writer.bytes(progress.sid).bytes(progress.encodedR).bytes(progress.share)
  }
}

/** `choices[112] | rows[12288] | transcript[32]` */
function writeStarted(writer: Writer, { choices, rows, transcript }: Started): void {
  writer.bytes(choices).bytes(rows).bytes(transcript)
}

/**
 * After the step: `committed` `sid u32 + bytes`, nonces and of each peer what {@link writeStarted} writes; `multiplied`
 * `sid[32] | id[32]`, nonces and of each peer the same with `fresh[32] | com[32] | α_k | α_x | t_k | t_x`; from `prepared`
 * on `sid[32]`, and `prepared` and `opened` what `writePrepared` writes, `opened` with `x_i`; `compared` `R | φ_i | u_i |
 * v_i`; `shared` `R | w_i | u_i`.
 */
function readProgress(setup: SigningSetup, reader: Reader, secrets: SecretReader): Progress {
  const { backend } = setup
  const peers = others(setup)
  const step = reader.u8()
  const bytes = (length: number): Uint8Array => secrets.bytes(length)
  const readStarted = (): Started => ({
    choices: bytes(COLUMN_BYTES),
    rows: bytes(TRANSFERS * ROW_BYTES),
    transcript: bytes(32),
  })
  switch (step) {
    case STEPS.start:
      return { at: 'start' }
    case STEPS.greeted:
      return { at: 'greeted' }
    case STEPS.committed: {
      const sid = reader.prefixed(32)
      const nonces = readNonces(backend, secrets)
      const started = new Map(peers.map((peer): [number, Started] => [peer, readStarted()]))
      return { at: 'committed', sid: sid.length === 0 ? undefined : sid, nonces, started }
    }
    case STEPS.multiplied: {
      const [sid, id] = [bytes(32), bytes(32)]
      const nonces = readNonces(backend, secrets)
      const started = new Map<number, Started>()
      const commitments = new Map<number, Commitment>()
      const multiplied = new Map<number, Multiplied>()
      for (const peer of peers) {
        started.set(peer, readStarted())
        commitments.set(peer, { fresh: bytes(32), hash: bytes(32) })
        const pair = () => [secrets.scalar(), secrets.scalar()] as const
        multiplied.set(peer, { inputs: pair(), shares: pair() })
      }
      return { at: 'multiplied', sid, nonces, started, commitments, id, multiplied }
    }
    case STEPS.prepared:
      return { at: 'prepared', sid: bytes(32), prepared: readPrepared(backend, peers, secrets) }
    case STEPS.opened: {
      const sid = bytes(32)
      return { at: 'opened', sid, prepared: readPrepared(backend, peers, secrets), key: secrets.scalar() }
    }
    case STEPS.compared: {
      const [sid, encodedR] = [bytes(32), bytes(POINT_BYTES)]
      const halves = { mask: secrets.scalar(), denominator: secrets.scalar(), keyed: secrets.scalar() }
      return { at: 'compared', sid, opened: { encodedR, halves } }
    }
    case STEPS.shared:
      return { at: 'shared', sid: bytes(32), encodedR: bytes(POINT_BYTES), share: bytes(SIGNATURE_SHARE_BYTES) }
    default:
      throw new CodecError(`unknown step ${step}`)
  }
}
