import type { PartyId } from '../../../types.ts'
import { equalBytes, wipe } from '../../../util/bytes.ts'
import type { Reader, Writer } from '../../../util/codec.ts'
import { abort, readMessage } from '../../session/abort.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../../session/machine.ts'
import { checkComparison, checkDecommitments, comparisonMessage, type Opened } from './check-round.ts'
import { agree, type Agreement, commit, greetAndCommit, readCommitments } from './commitment-round.ts'
import type { Digest32 } from './digest.ts'
import { expectedMessages } from './expected-messages.ts'
import { agreeOnPreprocessing, greet } from './greeting.ts'
import { finishMultiplications, multiply, wipeMultiplied } from './multiplication-round.ts'
import { additiveKey, decommitmentMessages } from './decommitment-round.ts'
import { type Prepared, readingSecrets, wipeNonces, wipePrepared } from './prepared.ts'
import { Preprocessed } from './preprocessed.ts'
import { aggregate, SIGNATURE_SHARE_BYTES, signatureShare, wipeShareParts } from './signature-share.ts'
import type { EcdsaSignature } from './signature.ts'
import {
  ecdsaHash,
  envelopeContext,
  isManySigners,
  others,
  otStateWith,
  roundOf,
  type SigningSetup,
} from './signing-setup.ts'
import { type SigningProgress, readProgress, STEPS, wipeStarted, writeProgress } from './signing-progress.ts'

const START: SigningProgress = { at: 'start' }

/** The result of an ECDSA session. */
export interface EcdsaResult {
  /** Of a preprocessing. Secret: dispose of it, or encode it. */
  readonly preprocessed?: Preprocessed
  /** Of a signature, if this signer learns it. */
  readonly signature?: EcdsaSignature
}

/**
 * One signer of a threshold ECDSA signature, of a preprocessing, or of a completion. The rounds of a signature are:
 * commitments and extensions; products; decommitments; with more than two signers a comparison of R; signature shares.
 */
export class EcdsaMachine implements Machine<EcdsaResult> {
  readonly protocol = 'ecdsa'
  readonly suite = 'secp256k1'
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  #progress: SigningProgress = START
  #result: EcdsaResult = {}

  /** @param prepared of the preprocessing that the session completes. Not copied: the machine wipes it. */
  constructor(setup: SigningSetup, prepared?: Prepared) {
    this.#setup = setup
    this.participants = setup.signers.length
    this.self = setup.self
    this.context = envelopeContext(setup)
    if (prepared !== undefined)
      this.#progress = { at: 'prepared', sid: ecdsaHash('complete', setup.statement), prepared }
  }

  get sid(): Uint8Array | undefined {
    return 'sid' in this.#progress ? this.#progress.sid : undefined
  }

  expects(round: number): Expected {
    return expectedMessages(this.#setup, round, this.#learns(this.self))
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

  advance(round: number, inbox: Inbox): MachineStep {
    const setup = this.#setup
    const progress = this.#progress
    if (this.#awaited(progress) !== round) throw new RangeError(`round ${round} comes after another one`)
    switch (progress.at) {
      case 'greeted': {
        const sid = agreeOnPreprocessing(setup, inbox)
        const { messages, ...committed } = commit(setup, inbox, sid)
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
        const { sid, nonces, started, commitments, id } = progress
        const products = finishMultiplications(setup, sid, inbox, progress)
        wipeStarted(started)
        const prepared = { statement: setup.statement, nonces, commitments, products }
        this.#progress = { at: 'prepared', sid, prepared }
        if (setup.mode.kind !== 'preprocess') return { messages: this.#showNonce(sid, prepared) }
        this.#result = { preprocessed: new Preprocessed(aboutPreprocessing(setup, id), prepared) }
        this.#progress = START
        return { messages: [], outcome: 'done' }
      }
      case 'opened': {
        const { sid, prepared, key } = progress
        const opened = checkDecommitments(setup, inbox, prepared, key)
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
        return this.#aggregate(inbox, progress as Extract<SigningProgress, { at: 'shared' }>)
    }
  }

  result(): EcdsaResult {
    return this.#result
  }

  /** The round whose messages the machine waits for; undefined before it has sent anything. */
  #awaited({ at }: SigningProgress): number | undefined {
    switch (at) {
      case 'greeted':
        return 1
      case 'committed':
        return roundOf(this.#setup, 'commitment')
      case 'multiplied':
        return roundOf(this.#setup, 'product')
      case 'opened':
        return roundOf(this.#setup, 'decommitment')
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
    return decommitmentMessages(this.#setup, prepared, key)
  }

  #share(sid: Uint8Array, { encodedR, parts }: Opened): MachineStep {
    const share = signatureShare(this.#setup.backend.group, this.#digest(), encodedR, parts)
    this.#wipeProgress()
    this.#progress = { at: 'shared', sid, encodedR, share }
    const messages = others(this.#setup)
      .filter((to) => this.#learns(to))
      .map((to): Message => ({ to, body: share.slice() }))
    return { messages, ...(this.#learns(this.self) ? {} : { outcome: 'done' }) }
  }

  #aggregate(inbox: Inbox, { encodedR, share }: Extract<SigningProgress, { at: 'shared' }>): MachineStep {
    const { backend, signers, share: keyShare, encodedKey } = this.#setup
    const round = roundOf(this.#setup, 'share')
    const shares = new Map<PartyId, Uint8Array>([[keyShare.id, share]])
    for (const from of others(this.#setup)) {
      const body = inbox.direct(round, from)
      const theirs = readMessage(body, round, from, (reader) => reader.bytes(SIGNATURE_SHARE_BYTES))
      shares.set(signers[from - 1] as PartyId, theirs)
    }
    const about = { signers, self: keyShare.id, commitment: encodedR, publicKey: encodedKey, round }
    this.#result = { signature: aggregate(backend.group, about, this.#digest(), shares) }
    return { messages: [], outcome: 'done' }
  }

  #digest(): Digest32 {
    const { digest } = this.#setup.mode
    if (digest === undefined) throw new RangeError('a preprocessing has no shares')
    return digest
  }

  /** Whether a participant learns the signature. */
  #learns(participant: number): boolean {
    const { mode, signers } = this.#setup
    return mode.aggregator === undefined || signers[participant - 1] === mode.aggregator
  }

  /**
   * Writes `statement[32] | (n − 1) × otDigest[32] | step u8`, then what `readProgress` describes. Secret. It contains
   * neither the key share nor the OT states.
   */
  encode(writer: Writer): void {
    const progress = this.#progress
    writer.bytes(this.#setup.statement)
    for (const peer of others(this.#setup)) writer.bytes(otStateWith(this.#setup, peer).digest)
    writer.u8(STEPS[progress.at])
    writeProgress(writer, progress)
  }

  /**
   * Restores the machine that {@link encode} wrote. If that fails, the setup's copy of the secret share is wiped.
   *
   * @throws {CodecError} for anything else
   * @throws {PROTOCOL_ABORTED} SID for a state of another statement, OT_DESYNC for a state with another OT setup
   */
  static decode(setup: SigningSetup, reader: Reader): EcdsaMachine {
    try {
      if (!equalBytes(reader.bytes(32), setup.statement)) {
        abort('SID', 1, [], 'the session signs something else')
      }
      for (const peer of others(setup)) {
        if (equalBytes(reader.bytes(32), otStateWith(setup, peer).digest)) continue
        // To check a peer's response with another OT state than it was computed for would blame an honest peer.
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
    if ('opened' in progress) wipeShareParts(progress.opened.parts)
    const { key, share } = progress as { readonly key?: Uint8Array; readonly share?: Uint8Array }
    wipe(key, share)
  }
}

/** id = TH("preprocessing", sid, coms) */
function idOf({ sid, hashes }: Agreement): Uint8Array {
  return ecdsaHash('preprocessing', sid, hashes)
}

function aboutPreprocessing(setup: SigningSetup, id: Uint8Array) {
  const { share, signers, mode } = setup
  const digests = others(setup).map((peer) => otStateWith(setup, peer).digest)
  return {
    id,
    setId: share.record.setId,
    signers,
    self: share.id,
    digests,
    epoch: 'epoch' in mode ? mode.epoch : 0,
  }
}
