import type { Group, Scalar } from '../../curve/group.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../hpke/x25519.ts'
import type { KeyShare } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { concatBytes, wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { readMessage } from '../session/abort.ts'
import { commitmentLength, commitmentMessage, readCommitmentMessage, sessionId } from '../dealing/commitment.ts'
import {
  checkConfirmations,
  confirmationLength,
  confirmationMessage,
  readTemplate,
  type ReceiverTemplate,
  wipeTemplate,
  writeTemplate,
} from '../dealing/record-template.ts'
import { contextHash } from '../dealing/context.ts'
import {
  deal,
  type Dealing,
  readDealing,
  readSecret,
  SCALAR_LENGTH,
  wipeDealing,
  writeDealing,
} from '../dealing/dealing.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../session/machine.ts'
import { decommitmentLength, decommitmentMessage } from '../dealing/decommitment.ts'
import type { IdentifiedEnvironment, SessionEnvironment } from '../dealing/environment.ts'
import { orWipe, requireStatement, writeStatement } from '../session/statement.ts'
import type { Suite } from '../transcript/tags.ts'
import { createHasher } from '../transcript/transcript.ts'
import { combineImport } from './combine.ts'
import type { ImportConfig } from './config.ts'
import { readReceiverMessage, SEAL_KEY_LENGTH, SEALED_SHARE_LENGTH, sealShare } from './sealing.ts'

/**
 * The import of a key (docs/protocol.md): the dealer deals a polynomial f through the key, every other party i one through
 * zero, X·h_i, so that the sum is the key whatever they choose, and no party alone chooses the shares.
 */
export class ImportMachine implements Machine<KeyShare> {
  readonly protocol = 'import'
  readonly suite: Suite
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  sid: Uint8Array | undefined
  readonly #config: ImportConfig
  readonly #environment: SessionEnvironment
  /** The dealer's key, until the session starts. Secret. */
  #secret: Scalar | undefined
  /** f of the dealer, h_i of another party. */
  #dealing: Dealing | undefined
  /** What the dealer seals its share to; undefined at the dealer. */
  #keyPair: HpkeKeyPair | undefined
  #template: ReceiverTemplate | undefined

  constructor(group: Group, random: RandomSource, config: ImportConfig) {
    this.suite = group.curve
    this.participants = config.parties.length
    this.self = config.self
    this.#config = config
    const hash = createHasher(this.suite, 'import')
    const participants = config.parties.map((receiver, i) =>
      i + 1 === config.dealer ? { receiver, dealer: receiver.id } : { receiver },
    )
    const imported = { publicKey: config.encodedKey, chainCode: config.chainCode }
    this.context = contextHash(hash, { protocol: 'import', group, ...config, participants, imported, flags: 0 })
    this.#environment = { group, hash, context: this.context, self: this.self, random }
  }

  /** Sets the key that this party deals. It is copied. */
  deal(secret: Scalar): void {
    this.#secret = secret.slice() as Scalar
  }

  expects(round: number, from: number): Expected {
    const { group } = this.#environment
    const isDealer = from === this.#config.dealer
    const { threshold } = this.#config
    if (round === 1) return { broadcast: commitmentLength(true) + (isDealer ? 0 : SEAL_KEY_LENGTH), direct: 0 }
    if (round === 2) {
      const broadcast = decommitmentLength(group, isDealer ? threshold : threshold - 1, 32)
      return { broadcast, direct: isDealer ? SEALED_SHARE_LENGTH : SCALAR_LENGTH }
    }
    return { broadcast: round === 3 ? confirmationLength(group) : 0, direct: 0 }
  }

  open(inbox: Inbox): Message[] {
    const { group, context } = this.#environment
    const { threshold } = this.#config
    const secret = this.#secret
    const hedge = secret?.slice() ?? new Uint8Array()
    const random = hedgedRandom(this.#environment.random, 'dealing', hedge, context, inbox.arrived(1))
    const constant = secret ?? group.randomScalar(random)
    try {
      const terms = { constant, threshold: secret ? threshold : threshold - 1, chainCodePart: random(32) }
      this.#dealing = deal(group, terms, random)
      if (secret === undefined) this.#keyPair = generateKeyPair(random)
      const message = commitmentMessage(this.#environment, this.#dealing, random)
      return [{ to: 0, body: this.#keyPair ? concatBytes(message, this.#keyPair.publicKey) : message }]
    } finally {
      wipe(constant, hedge)
      this.#secret = undefined
    }
  }

  advance(round: number, inbox: Inbox): MachineStep {
    if (round === 1) return this.#decommitAndShare(inbox)
    return round === 2 ? this.#combine(inbox) : this.#finish(inbox)
  }

  #decommitAndShare(inbox: Inbox): MachineStep {
    const others = this.#others()
    const sealKeys = others.map((from) => {
      const read = from === this.#config.dealer ? readCommitmentMessage : readReceiverMessage
      const message = readMessage(inbox.broadcast(1, from), 1, from, read)
      return 'sealKey' in message ? (message.sealKey as Uint8Array) : undefined
    })
    this.sid = sessionId(this.#environment, inbox.broadcasts(1))
    const environment = this.#identified()
    const dealing = this.#dealing as Dealing
    const ids = others.map((to) => this.#idOf(to))
    const shares = environment.group.evaluatePolynomial(dealing.coefficients, ids)
    const bodies = shares.map((share, i) => {
      if (this.self !== this.#config.dealer) return share
      try {
        return sealShare(environment, others[i] as number, sealKeys[i] as Uint8Array, share)
      } finally {
        wipe(share)
      }
    })
    return {
      messages: [
        { to: 0, body: decommitmentMessage(environment, dealing) },
        ...others.map((to, i) => ({ to, body: bodies[i] as Uint8Array })),
      ],
    }
  }

  #combine(inbox: Inbox): MachineStep {
    const environment = this.#identified()
    const own = { dealing: this.#dealing as Dealing, keyPair: this.#keyPair }
    this.#template = combineImport(environment, this.#config, own, inbox)
    this.#endDealing()
    return { messages: [{ to: 0, body: confirmationMessage(environment, this.#template) }], outcome: 'prepared' }
  }

  #finish(inbox: Inbox): MachineStep {
    const confirmations = this.#others().map((from) => ({ from, id: this.#idOf(from), body: inbox.broadcast(3, from) }))
    checkConfirmations(this.#identified(), this.#template as ReceiverTemplate, confirmations, 3)
    return { messages: [], outcome: 'done' }
  }

  result(): KeyShare {
    const { record, own } = this.#template as ReceiverTemplate
    return { record, id: own.id, secretShare: own.secretShare.slice() as Scalar }
  }

  /**
   * Writes `CTX[32] | self u8 | sid length u32 | sid | has key u8 | key[32] | dealing | has key pair u8 | secret key[32] |
   * public key[32] | record template`. Secret.
   */
  encode(writer: Writer): void {
    writeStatement(writer, this)
    writer.prefixed(this.sid ?? new Uint8Array(0))
    writer.u8(this.#secret ? 1 : 0)
    if (this.#secret) writer.bytes(this.#secret)
    writeDealing(writer, this.#dealing)
    writer.u8(this.#keyPair ? 1 : 0)
    if (this.#keyPair) writer.bytes(this.#keyPair.secretKey).bytes(this.#keyPair.publicKey)
    writeTemplate(this.#environment.group, writer, this.#template)
  }

  /** @throws {CodecError | SHARE_PARSING_FAILED} for anything but what `encode` wrote in a session with this config */
  static decode(group: Group, random: RandomSource, config: ImportConfig, reader: Reader): ImportMachine {
    const machine = new ImportMachine(group, random, config)
    requireStatement(reader, machine)
    return orWipe(machine, () => {
      const sid = reader.prefixed(32)
      machine.sid = sid.length === 0 ? undefined : sid
      machine.#secret = readKey(group, reader)
      machine.#dealing = readDealing(
        group,
        reader,
        config.self === config.dealer ? config.threshold : config.threshold - 1,
      )
      machine.#keyPair = readKeyPair(reader)
      machine.#template = readTemplate(group, reader) as ReceiverTemplate | undefined
    })
  }

  wipe(): void {
    wipe(this.#secret)
    this.#endDealing()
    wipeTemplate(this.#template)
  }

  #endDealing(): void {
    wipeDealing(this.#dealing)
    wipe(this.#keyPair?.secretKey)
    this.#dealing = undefined
    this.#keyPair = undefined
  }

  #identified(): IdentifiedEnvironment {
    return { ...this.#environment, sid: this.sid as Uint8Array }
  }

  #others(): number[] {
    return this.#config.parties.map((_, i) => i + 1).filter((participant) => participant !== this.self)
  }

  #idOf(participant: number): PartyId {
    return this.#config.parties[participant - 1]?.id as PartyId
  }
}

function readKey(group: Group, reader: Reader): Scalar | undefined {
  return readFlag(reader) ? readSecret(group, reader) : undefined
}

function readKeyPair(reader: Reader): HpkeKeyPair | undefined {
  if (!readFlag(reader)) return undefined
  const secretKey = reader.bytes(SEAL_KEY_LENGTH)
  try {
    return { secretKey, publicKey: reader.bytes(SEAL_KEY_LENGTH) }
  } catch (error) {
    wipe(secretKey)
    throw error
  }
}

function readFlag(reader: Reader): boolean {
  const flag = reader.u8()
  if (flag > 1) throw new CodecError('neither present nor absent')
  return flag === 1
}
