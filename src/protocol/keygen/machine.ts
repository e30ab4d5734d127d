import type { Group, Scalar } from '../../curve/group.ts'
import type { KeyShare } from '../../key-share/types.ts'
import type { PartyId } from '../../types.ts'
import { wipe } from '../../util/bytes.ts'
import type { Reader, Writer } from '../../util/codec.ts'
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
import { deal, type Dealing, readDealing, SCALAR_LENGTH, wipeDealing, writeDealing } from '../dealing/dealing.ts'
import type { Expected, Inbox, Machine, Message, MachineStep } from '../session/machine.ts'
import { decommitmentLength, decommitmentMessage } from '../dealing/decommitment.ts'
import type { IdentifiedEnvironment, SessionEnvironment } from '../dealing/environment.ts'
import { orWipe, requireStatement, writeStatement } from '../session/statement.ts'
import type { Suite } from '../transcript/tags.ts'
import { createHasher, type Hasher } from '../transcript/transcript.ts'
import { combineDealings } from './combine.ts'
import type { KeygenConfig } from './config.ts'

/**
 * Key generation after Pedersen, with a round of commitments before it, and with proofs of knowledge and of possession
 * (docs/protocol.md).
 */
export class KeygenMachine implements Machine<KeyShare> {
  readonly protocol = 'keygen'
  readonly suite: Suite
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  sid: Uint8Array | undefined
  readonly #config: KeygenConfig
  readonly #hash: Hasher<'keygen'>
  readonly #environment: SessionEnvironment
  #dealing: Dealing | undefined
  #template: ReceiverTemplate | undefined

  constructor(group: Group, random: RandomSource, config: KeygenConfig) {
    this.suite = group.curve
    this.participants = config.parties.length
    this.self = config.self
    this.#config = config
    this.#hash = createHasher(this.suite, 'keygen')
    const participants = config.parties.map((receiver) => ({ receiver }))
    this.context = contextHash(this.#hash, { protocol: 'keygen', group, ...config, participants, flags: 0 })
    this.#environment = { group, hash: this.#hash, context: this.context, self: this.self, random }
  }

  expects(round: number): Expected {
    const { group } = this.#environment
    if (round === 1) return { broadcast: commitmentLength(true), direct: 0 }
    if (round === 2) return { broadcast: decommitmentLength(group, this.#config.threshold, 32), direct: SCALAR_LENGTH }
    return { broadcast: round === 3 ? confirmationLength(group) : 0, direct: 0 }
  }

  /**
   * There is no secret yet to hedge with: the dealing is only as unpredictable as `random` is. The context still keeps
   * dealings of different sessions apart.
   */
  open(inbox: Inbox): Message[] {
    const { group, context } = this.#environment
    const random = hedgedRandom(this.#environment.random, 'dealing', new Uint8Array(), context, inbox.arrived(1))
    const constant = group.randomScalar(random)
    const { threshold } = this.#config
    this.#dealing = deal(group, { constant, threshold, chainCodePart: random(32) }, random)
    wipe(constant)
    return [{ to: 0, body: commitmentMessage(this.#environment, this.#dealing, random) }]
  }

  advance(round: number, inbox: Inbox): MachineStep {
    if (round === 1) return this.#openAndShare(inbox)
    return round === 2 ? this.#combine(inbox) : this.#finish(inbox)
  }

  #openAndShare(inbox: Inbox): MachineStep {
    const others = this.#others()
    for (const from of others) readMessage(inbox.broadcast(1, from), 1, from, readCommitmentMessage)
    this.sid = sessionId(this.#environment, inbox.broadcasts(1))
    const dealing = this.#dealing as Dealing
    const ids = others.map((to) => this.#idOf(to))
    const shares = this.#environment.group.evaluatePolynomial(dealing.coefficients, ids)
    return {
      messages: [
        { to: 0, body: decommitmentMessage(this.#identified(), dealing) },
        ...others.map((to, i) => ({ to, body: shares[i] as Scalar })),
      ],
    }
  }

  #combine(inbox: Inbox): MachineStep {
    const environment = this.#identified()
    this.#template = combineDealings(environment, this.#config, this.#dealing as Dealing, inbox)
    wipeDealing(this.#dealing)
    this.#dealing = undefined
    const body = confirmationMessage(environment, this.#template)
    return { messages: [{ to: 0, body }], outcome: 'prepared' }
  }

  #finish(inbox: Inbox): MachineStep {
    const confirmations = this.#others().map((from) => ({ from, id: this.#idOf(from), body: inbox.broadcast(3, from) }))
    checkConfirmations(this.#identified(), this.#template as ReceiverTemplate, confirmations, 3)
    return { messages: [], outcome: 'done' }
  }

  #identified(): IdentifiedEnvironment {
    return { ...this.#environment, sid: this.sid as Uint8Array }
  }

  result(): KeyShare {
    const { record, own } = this.#template as ReceiverTemplate
    return { record, id: own.id, secretShare: own.secretShare.slice() as Scalar }
  }

  /** Writes `CTX[32] | self u8 | sid length u32 | sid | dealing | record template`. Secret. */
  encode(writer: Writer): void {
    const { group } = this.#environment
    writeStatement(writer, this)
    writer.prefixed(this.sid ?? new Uint8Array(0))
    writeDealing(writer, this.#dealing)
    writeTemplate(group, writer, this.#template)
  }

  /** @throws {CodecError | SHARE_PARSING_FAILED} for anything but what `encode` wrote in a session with this config */
  static decode(group: Group, random: RandomSource, config: KeygenConfig, reader: Reader): KeygenMachine {
    const machine = new KeygenMachine(group, random, config)
    requireStatement(reader, machine)
    return orWipe(machine, () => {
      const sid = reader.prefixed(32)
      machine.sid = sid.length === 0 ? undefined : sid
      machine.#dealing = readDealing(group, reader)
      machine.#template = readTemplate(group, reader) as ReceiverTemplate | undefined
    })
  }

  wipe(): void {
    wipeDealing(this.#dealing)
    wipeTemplate(this.#template)
  }

  #others(): number[] {
    return this.#config.parties.map((_, i) => i + 1).filter((participant) => participant !== this.self)
  }

  #idOf(participant: number): PartyId {
    return this.#config.parties[participant - 1]?.id as PartyId
  }
}
