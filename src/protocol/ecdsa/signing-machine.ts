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
import { aggregateShares, type Presignature, SIGNATURE_SHARE_BYTES } from './presignature.ts'
import type { EcdsaSignature } from './signature.ts'
import { ecdsaHash, others, pairWith, type SigningSetup } from './signing-setup.ts'

/** What a session ends with: a presignature, or a signature where this signer learns it. */
export interface EcdsaResult {
  readonly presignature?: Presignature
  readonly signature?: EcdsaSignature
}

/** Where a signer stands; every step holds what the one before it held. */
interface Held {
  nonces?: Nonces
  sid?: Uint8Array
  started?: ReadonlyMap<number, Started>
  multiplied?: Multiplied
  presigned?: { readonly about: Presignature; readonly share: Uint8Array }
}

const SHARE_ROUND = 4

/** One signer of a DKLs23 signature or presignature: commitments, multiplications as Bob, as Alice, signature shares. */
export class EcdsaMachine implements Machine<EcdsaResult> {
  readonly protocol = 'ecdsa'
  readonly suite = 'secp256k1'
  readonly rounds: number
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  readonly #setup: SigningSetup
  #held: Held = {}
  #result: EcdsaResult = {}

  constructor(setup: SigningSetup) {
    const { signers, self, mode } = setup
    this.#setup = setup
    this.rounds = mode.kind === 'sign' ? 4 : 3
    this.participants = signers.length
    this.self = self
    // Sets, set-ups and statements stand in the bodies of round 1: who differs in them is told so, and nobody is blamed.
    this.context = ecdsaHash('ctx', Uint8Array.from(signers), mode.kind === 'sign' ? 1 : 2)
  }

  get sid(): Uint8Array | undefined {
    return this.#held.sid
  }

  expects(round: number, from: number): Expected {
    if (round <= 3) return { broadcast: round === 1 || round === 3, direct: round === 2 || round === 3 }
    return { broadcast: false, direct: round === this.rounds && from !== this.self && this.#learns(this.self) }
  }

  open(): Message[] {
    const nonces = drawNonces(this.#setup)
    this.#held = { nonces }
    return [{ to: 0, body: commitmentMessage(this.#setup, nonces) }]
  }

  play(round: number, inbox: Inbox): Played {
    const setup = this.#setup
    const { nonces, sid, started, multiplied } = this.#held
    if (nonces === undefined) throw new RangeError('no nonces to sign with')
    if (round === 1) {
      const agreed = agreeOnSession(setup, inbox)
      const { messages, ...rest } = startMultiplications(setup, agreed)
      this.#held = { nonces, sid: agreed, ...rest }
      return { messages }
    }
    if (sid === undefined || started === undefined) throw new RangeError('an answer before the session id')
    if (round === 2) {
      const { messages, ...rest } = answerMultiplications(setup, sid, inbox, nonces, started)
      this.#held = { nonces, sid, started, ...rest }
      return { messages }
    }
    if (multiplied === undefined) throw new RangeError('a check before the multiplications')
    if (round === 3) return this.#complete(completePresignature(setup, sid, inbox, nonces, started, multiplied))
    return this.#aggregate(inbox)
  }

  result(): EcdsaResult {
    return this.#result
  }

  #complete(presignature: Presignature): Played {
    const { mode, backend, share, encodedKey } = this.#setup
    if (mode.kind === 'presign') {
      this.#result = { presignature }
      return { messages: [], outcome: 'done' }
    }
    const { setId } = share.record
    const own = presignature.spend(backend.group, mode.digest, { setId, publicKey: encodedKey, incarnation: 0 })
    this.#held.presigned = { about: presignature, share: own }
    const messages = others(this.#setup)
      .filter((to) => this.#learns(to))
      .map((to): Message => ({ to, body: own.slice() }))
    return { messages, ...(this.#learns(this.self) ? {} : { outcome: 'done' }) }
  }

  #aggregate(inbox: Inbox): Played {
    const { backend, mode, signers, share } = this.#setup
    const { presigned } = this.#held
    if (presigned === undefined || mode.kind !== 'sign') throw new RangeError('no signature share of this signer')
    const shares = new Map<PartyId, Uint8Array>([[share.id, presigned.share]])
    for (const from of others(this.#setup)) {
      const body = inbox.direct(SHARE_ROUND, from)
      const theirs = readMessage(body, SHARE_ROUND, from, (reader) => reader.bytes(SIGNATURE_SHARE_BYTES))
      shares.set(signers[from - 1] as PartyId, theirs)
    }
    this.#result = { signature: aggregateShares(backend.group, presigned.about, mode.digest, shares) }
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
   * `choices[68] | rows[6656] | χ`, from step 3 `sk_i` and of each peer `c_u | c_v`: secret.
   */
  encode(writer: Writer): void {
    const { nonces, sid, started, multiplied, presigned } = this.#held
    if (presigned !== undefined) throw new RangeError('a session whose signature share is out has no state')
    for (const peer of others(this.#setup)) writer.bytes(pairWith(this.#setup, peer).digest)
    writer.u8([nonces, started, multiplied].filter((part) => part !== undefined).length)
    if (nonces !== undefined) writer.bytes(nonces.nonce).bytes(nonces.mask).bytes(nonces.blinding)
    if (sid !== undefined) writer.bytes(sid)
    for (const { choices, rows, chi } of started?.values() ?? []) writer.bytes(choices).bytes(rows).bytes(chi)
    if (multiplied !== undefined) writer.bytes(multiplied.key)
    for (const [u, v] of multiplied?.shares.values() ?? []) writer.bytes(u).bytes(v)
  }

  /** The machine that {@link encode} wrote, with the setup that it had. @throws {CodecError} for anything else */
  static decode(setup: SigningSetup, reader: Reader): EcdsaMachine {
    const machine = new EcdsaMachine(setup)
    const { group } = setup.backend
    const peers = others(setup)
    for (const peer of peers) {
      if (equalBytes(reader.bytes(32), pairWith(setup, peer).digest)) continue
      // Checking a peer's answer against another state than it was given for would blame an honest peer.
      abort('OT_DESYNC', 1, [], `the oblivious-transfer state with participant ${peer} is not the session's`)
    }
    const step = reader.u8()
    if (step > 3) throw new CodecError(`unknown step ${step}`)
    const scalar = (): Scalar => group.decodeScalar(reader.bytes(32), { allowZero: true })
    if (step >= 1) machine.#held.nonces = noncesOf(group, scalar(), scalar(), reader.bytes(32))
    if (step >= 2) {
      machine.#held.sid = reader.bytes(32)
      machine.#held.started = new Map(
        peers.map((peer): [number, Started] => {
          const choices = reader.bytes(COLUMN_BYTES)
          return [peer, { choices, rows: reader.bytes(TRANSFERS * ROW_BYTES), chi: scalar() }]
        }),
      )
    }
    if (step === 3) {
      const key = scalar()
      const shares = new Map(peers.map((peer): [number, Shares] => [peer, [scalar(), scalar()]]))
      machine.#held.multiplied = { key, shares }
    }
    return machine
  }

  wipe(): void {
    const { nonces, started, multiplied, presigned } = this.#held
    wipe(this.#setup.share.secretShare, nonces?.nonce, nonces?.mask, nonces?.blinding, multiplied?.key)
    for (const { choices, rows, chi } of started?.values() ?? []) wipe(choices, rows, chi)
    for (const shares of multiplied?.shares.values() ?? []) wipe(...shares)
    wipe(presigned?.share)
  }
}
