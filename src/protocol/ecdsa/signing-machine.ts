import type { Scalar } from '../../curve/group.ts'
import type { PartyId } from '../../types.ts'
import { equalBytes, wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { abort, readMessage } from '../abort.ts'
import type { Expected, Inbox, Machine, Message, Played } from '../machine.ts'
import { completePresignature } from './check-round.ts'
import { agreeOnSession, commitmentMessage, drawNonces, type Nonces, noncesOf } from './commitment-round.ts'
import {
  answerMultiplications,
  type Multiplied,
  type Shares,
  type Started,
  startMultiplications,
} from './multiplication-round.ts'
import { COLUMN_BYTES, ROW_BYTES, TRANSFERS } from './parameters.ts'
import { aggregateCompleted, type Presignature, SHARE_ROUND, SIGNATURE_SHARE_BYTES } from './presignature.ts'
import type { EcdsaSignature } from './signature.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

/** What a session ends with: a presignature, or a signature where this signer learns it. */
export interface EcdsaResult {
  readonly presignature?: Presignature
  readonly signature?: EcdsaSignature
}

/** Where a signer stands: nothing sent, committed, multiplying as Bob, as Alice too, signature share computed. */
type Progress =
  | { readonly at: 'start' }
  | { readonly at: 'committed'; readonly nonces: Nonces }
  | { readonly at: 'started'; readonly nonces: Nonces; readonly sid: Uint8Array; readonly started: StartedWith }
  | {
      readonly at: 'multiplied'
      readonly nonces: Nonces
      readonly sid: Uint8Array
      readonly started: StartedWith
      readonly multiplied: Multiplied
    }
  | { readonly at: 'shared'; readonly sid: Uint8Array; readonly commitment: Uint8Array; readonly share: Uint8Array }

/** By participant number. */
type StartedWith = ReadonlyMap<number, Started>

/** The step of a state, and the round that is played in it. */
const STEPS = { start: 0, committed: 1, started: 2, multiplied: 3, shared: 4 } as const

/** One signer of a DKLs23 signature or presignature: commitments, multiplications as Bob, as Alice, signature shares. */
export class EcdsaMachine implements Machine<EcdsaResult> {
  readonly protocol = 'ecdsa'
  readonly suite = 'secp256k1'
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  #progress: Progress = { at: 'start' }
  #result: EcdsaResult = {}

  constructor(setup: SigningSetup) {
    const { signers, self, mode } = setup
    this.#setup = setup
    this.participants = signers.length
    this.self = self
    // Sets, set-ups and statements stand in the bodies of round 1: who differs in them is told so, and nobody is blamed.
    this.context = ecdsaHash('ctx', Uint8Array.from(signers), mode.kind === 'sign' ? 1 : 2)
  }

  get sid(): Uint8Array | undefined {
    return 'sid' in this.#progress ? this.#progress.sid : undefined
  }

  expects(round: number): Expected {
    if (round <= 3) return { broadcast: round === 1 || round === 3, direct: round === 2 || round === 3 }
    return { broadcast: false, direct: round === SHARE_ROUND && this.#learns(this.self) }
  }

  open(): Message[] {
    const nonces = drawNonces(this.#setup)
    this.#progress = { at: 'committed', nonces }
    return [{ to: 0, body: commitmentMessage(this.#setup, nonces) }]
  }

  play(round: number, inbox: Inbox): Played {
    const setup = this.#setup
    const progress = this.#progress
    if (STEPS[progress.at] !== round) throw new RangeError(`round ${round} comes after another one`)
    switch (progress.at) {
      case 'committed': {
        const sid = agreeOnSession(setup, inbox)
        const { messages, started } = startMultiplications(setup, sid)
        this.#progress = { ...progress, at: 'started', sid, started }
        return { messages }
      }
      case 'started': {
        const { nonces, sid, started } = progress
        const { messages, multiplied } = answerMultiplications(setup, sid, inbox, nonces, started)
        this.#progress = { ...progress, at: 'multiplied', multiplied }
        return { messages }
      }
      case 'multiplied': {
        const { nonces, sid, started, multiplied } = progress
        return this.#complete(sid, completePresignature(setup, sid, inbox, nonces, started, multiplied))
      }
      default:
        return this.#aggregate(inbox, progress as Extract<Progress, { at: 'shared' }>)
    }
  }

  result(): EcdsaResult {
    return this.#result
  }

  #complete(sid: Uint8Array, presignature: Presignature): Played {
    const { mode, backend } = this.#setup
    if (mode.kind === 'presign') {
      this.#result = { presignature }
      return { messages: [], outcome: 'done' }
    }
    const share = presignature.complete(backend.group, mode.digest)
    this.#wipeProgress()
    this.#progress = { at: 'shared', sid, commitment: presignature.commitment, share }
    const messages = others(this.#setup)
      .filter((to) => this.#learns(to))
      .map((to): Message => ({ to, body: share.slice() }))
    return { messages, ...(this.#learns(this.self) ? {} : { outcome: 'done' }) }
  }

  #aggregate(inbox: Inbox, { commitment, share }: Extract<Progress, { at: 'shared' }>): Played {
    const { backend, mode, signers, share: keyShare, encodedKey } = this.#setup
    if (mode.kind !== 'sign') throw new RangeError('a presignature has no shares')
    const shares = new Map<PartyId, Uint8Array>([[keyShare.id, share]])
    for (const from of others(this.#setup)) {
      const body = inbox.direct(SHARE_ROUND, from)
      const theirs = readMessage(body, SHARE_ROUND, from, (reader) => reader.bytes(SIGNATURE_SHARE_BYTES))
      shares.set(signers[from - 1] as PartyId, theirs)
    }
    const about = { signers, self: keyShare.id, commitment, publicKey: encodedKey }
    this.#result = { signature: aggregateCompleted(backend.group, about, mode.digest, shares) }
    return { messages: [], outcome: 'done' }
  }

  /** Whether a participant learns the signature. */
  #learns(participant: number): boolean {
    const { mode, signers } = this.#setup
    if (mode.kind !== 'sign') return false
    return mode.aggregator === undefined || signers[participant - 1] === mode.aggregator
  }

  /**
   * `(n − 1) × otDigest[32] | step u8`, then from step 1 `r_i | φ_i | ρ_i[32]`, from step 2 `sid[32]` and of each peer
   * `choices[68] | rows[6656] | χ`, from step 3 `sk_i` and of each peer `c_u | c_v`; at step 4 `sid[32] | R | w_i | u_i`
   * alone: secret.
   */
  encode(writer: Writer): void {
    const progress = this.#progress
    for (const peer of others(this.#setup)) writer.bytes(pairWith(this.#setup, peer).digest)
    writer.u8(STEPS[progress.at])
    if (progress.at === 'shared') {
      writer.bytes(progress.sid).bytes(progress.commitment).bytes(progress.share)
      return
    }
    if (progress.at === 'start') return
    writer.bytes(progress.nonces.nonce).bytes(progress.nonces.mask).bytes(progress.nonces.blinding)
    if (progress.at === 'committed') return
    writer.bytes(progress.sid)
    for (const { choices, rows, chi } of progress.started.values()) writer.bytes(choices).bytes(rows).bytes(chi)
    if (progress.at === 'started') return
    writer.bytes(progress.multiplied.key)
    for (const [u, v] of progress.multiplied.shares.values()) writer.bytes(u).bytes(v)
  }

  /** The machine that {@link encode} wrote, with the setup that it had. @throws {CodecError} for anything else */
  static decode(setup: SigningSetup, reader: Reader): EcdsaMachine {
    for (const peer of others(setup)) {
      if (equalBytes(reader.bytes(32), pairWith(setup, peer).digest)) continue
      // Checking a peer's answer against another state than it was given for would blame an honest peer.
      abort('OT_DESYNC', 1, [], `the oblivious-transfer state with participant ${peer} is not the session's`)
    }
    const machine = new EcdsaMachine(setup)
    machine.#progress = readProgress(setup, reader)
    return machine
  }

  wipe(): void {
    wipe(this.#setup.share.secretShare)
    this.#wipeProgress()
  }

  #wipeProgress(): void {
    const progress = this.#progress
    if ('nonces' in progress) wipe(progress.nonces.nonce, progress.nonces.mask, progress.nonces.blinding)
    if ('started' in progress) {
      for (const { choices, rows, chi } of progress.started.values()) wipe(choices, rows, chi)
    }
    if ('multiplied' in progress) wipe(progress.multiplied.key, ...[...progress.multiplied.shares.values()].flat())
    if ('share' in progress) wipe(progress.share)
  }
}

/** Reads what `EcdsaMachine.encode` wrote from the step on. */
function readProgress(setup: SigningSetup, reader: Reader): Progress {
  const { group } = setup.backend
  const step = reader.u8()
  if (step === STEPS.start) return { at: 'start' }
  if (step === STEPS.shared) {
    const [sid, commitment] = [reader.bytes(32), reader.bytes(33)]
    return { at: 'shared', sid, commitment, share: reader.bytes(SIGNATURE_SHARE_BYTES) }
  }
  if (step > STEPS.shared) throw new CodecError(`unknown step ${step}`)
  const scalar = (): Scalar => group.decodeScalar(reader.bytes(32), { allowZero: true })
  const nonces = noncesOf(group, scalar(), scalar(), reader.bytes(32))
  if (step === STEPS.committed) return { at: 'committed', nonces }
  const sid = reader.bytes(32)
  const peers = others(setup)
  const started = new Map(
    peers.map((peer): [number, Started] => {
      const choices = reader.bytes(COLUMN_BYTES)
      return [peer, { choices, rows: reader.bytes(TRANSFERS * ROW_BYTES), chi: scalar() }]
    }),
  )
  if (step === STEPS.started) return { at: 'started', nonces, sid, started }
  const key = scalar()
  const shares = new Map(peers.map((peer): [number, Shares] => [peer, [scalar(), scalar()]]))
  return { at: 'multiplied', nonces, sid, started, multiplied: { key, shares } }
}
