import type { Group, Scalar } from '../../curve/group.ts'
import { shamirToAdditive } from '../../secret-sharing/additive.ts'
import { decodeShareSetRecord, encodeShareSetRecord } from '../../key-share/record.ts'
import { secretOf } from '../../key-share/key-share.ts'
import type { KeyShare, ShareSetRecord } from '../../key-share/types.ts'
import { wipe } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import type { RandomSource } from '../../util/random.ts'
import { readMessage } from '../session/abort.ts'
import { commitmentLength, commitmentMessage, readCommitmentMessage, sessionId } from '../dealing/commitment.ts'
import {
  buildRecord,
  checkConfirmations,
  type RecordTemplate,
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
import { checkReshareTerms, dealersOf, receiversOf, type ReshareConfig } from './config.ts'
import { type CheckedDealer, checkDealers, readDealers, totalOf, writeDealers } from './dealers.ts'
import { receiveShare } from './receive.ts'
import type { ReshareParticipant, ReshareResult, ReshareTerms } from './types.ts'

const RECORD_MAX_LENGTH = 1 << 14

/** Reshare: the old set's parties deal λ_i·s_i to a new set with the same key (docs/protocol.md). */
export class ReshareMachine implements Machine<ReshareResult> {
  readonly protocol = 'reshare'
  readonly suite: Suite
  readonly participants: number
  readonly self: number
  readonly context: Uint8Array
  sid: Uint8Array | undefined
  readonly #config: ReshareConfig
  readonly #environment: SessionEnvironment
  /** λ_i·s_i of a dealer, until the session starts. Secret. */
  #constant: Scalar | undefined
  /** The dealer's polynomial, from the start until the shares of round 3 have arrived. */
  #dealing: Dealing | undefined
  #dealers: readonly CheckedDealer[] = []
  #template: RecordTemplate | undefined

  constructor(group: Group, random: RandomSource, config: ReshareConfig) {
    this.suite = group.curve
    this.participants = config.participants.length
    this.self = config.self
    this.#config = config
    const hash = createHasher(this.suite, 'reshare')
    this.context = contextHash(hash, { protocol: 'reshare', group, walletId: config.old.walletId, ...config })
    this.#environment = { group, hash, context: this.context, self: this.self, random }
  }

  /** Sets the share that this participant deals. It is kept as λ_i·s_i. */
  deal(share: KeyShare): void {
    const dealers = dealersOf(this.#config.participants)
    this.#constant = shamirToAdditive(this.#environment.group, { id: share.id, value: secretOf(share) }, dealers)
  }

  expects(round: number, from: number): Expected {
    const sender = this.#config.participants[from - 1] as ReshareParticipant
    const { group } = this.#environment
    const deals = sender.dealer !== undefined
    if (round === 1) return { broadcast: commitmentLength(deals), direct: 0 }
    if (round === 2) return { broadcast: deals ? decommitmentLength(group, this.#config.threshold, 0) : 0, direct: 0 }
    if (round === 3) return { broadcast: 0, direct: deals && this.#own().receiver !== undefined ? SCALAR_LENGTH : 0 }
    return { broadcast: round === 4 && sender.receiver !== undefined ? confirmationLength(group) : 0, direct: 0 }
  }

  /** Draws this dealer's polynomial g_i through (0, λ_i·s_i). */
  open(inbox: Inbox): Message[] {
    const { group, context } = this.#environment
    const constant = this.#constant
    const secret = constant ?? new Uint8Array()
    const random = hedgedRandom(this.#environment.random, 'dealing', secret, context, inbox.arrived(1))
    if (constant !== undefined) {
      const { threshold } = this.#config
      this.#dealing = deal(group, { constant, threshold, chainCodePart: new Uint8Array() }, random)
    }
    const body = commitmentMessage(this.#environment, this.#dealing, random)
    this.#endConstant()
    return [{ to: 0, body }]
  }

  advance(round: number, inbox: Inbox): MachineStep {
    if (round === 1) return this.#show(inbox)
    if (round === 2) return this.#share(inbox)
    return round === 3 ? this.#receive(inbox) : this.#finish(inbox)
  }

  #show(inbox: Inbox): MachineStep {
    for (const { participant, dealer } of this.#others()) {
      readMessage(inbox.broadcast(1, participant), 1, participant, (reader) =>
        dealer === undefined ? reader.bytes(32) : readCommitmentMessage(reader),
      )
    }
    this.sid = sessionId(this.#environment, inbox.broadcasts(1))
    if (this.#dealing === undefined) return { messages: [] }
    return { messages: [{ to: 0, body: decommitmentMessage(this.#identified(), this.#dealing) }] }
  }

  /**
   * Whoever holds t' evaluations of g_i learns λ_i·s_i. So no evaluation is sent before every dealer has proven, in this
   * session, that it holds its own share of the old set.
   */
  #share(inbox: Inbox): MachineStep {
    this.#dealers = checkDealers(this.#identified(), this.#config, this.#dealing, inbox)
    if (this.#dealing === undefined) return { messages: [] }
    const receivers = this.#others().flatMap(({ participant, receiver }) =>
      receiver === undefined ? [] : [{ participant, id: receiver.id }],
    )
    const ids = receivers.map(({ id }) => id)
    const shares = this.#environment.group.evaluatePolynomial(this.#dealing.coefficients, ids)
    return { messages: receivers.map(({ participant }, i) => ({ to: participant, body: shares[i] as Scalar })) }
  }

  #receive(inbox: Inbox): MachineStep {
    const environment = this.#identified()
    const { group, hash, sid } = environment
    const { old, purpose, threshold, participants } = this.#config
    const transcript = hash('T', sid, inbox.broadcasts(1), inbox.broadcasts(2))
    const blueprint = {
      setId: hash('set', this.context, transcript),
      walletId: old.walletId,
      purpose,
      threshold,
      parties: receiversOf(participants).sort((a, b) => a.id - b.id),
      chainCode: old.chainCode,
    }
    const record = buildRecord(group, totalOf(environment, this.#dealers), blueprint, 3)
    const id = this.#own().receiver?.id
    if (id === undefined) {
      this.#endDealing()
      this.#template = { transcript, record }
      return { messages: [] }
    }
    const secretShare = receiveShare(environment, id, { dealers: this.#dealers, dealing: this.#dealing }, inbox)
    this.#endDealing()
    const template: ReceiverTemplate = { transcript, record, own: { id, secretShare } }
    this.#template = template
    return { messages: [{ to: 0, body: confirmationMessage(environment, template) }], outcome: 'prepared' }
  }

  #endConstant(): void {
    wipe(this.#constant)
    this.#constant = undefined
  }

  #endDealing(): void {
    wipeDealing(this.#dealing)
    this.#dealing = undefined
    this.#dealers = []
  }

  #finish(inbox: Inbox): MachineStep {
    const confirmations = this.#others().flatMap(({ participant: from, receiver }) =>
      receiver === undefined ? [] : [{ from, id: receiver.id, body: inbox.broadcast(4, from) }],
    )
    checkConfirmations(this.#identified(), this.#template as RecordTemplate, confirmations, 4)
    return { messages: [], outcome: 'done' }
  }

  #identified(): IdentifiedEnvironment {
    return { ...this.#environment, sid: this.sid as Uint8Array }
  }

  result(): ReshareResult {
    const { record, own } = this.#template as RecordTemplate
    if (own === undefined) return { record }
    return { record, share: { record, id: own.id, secretShare: own.secretShare.slice() as Scalar } }
  }

  /**
   * Writes `old record length u32 | old record | CTX[32] | self u8 | sid length u32 | sid | present u8 | λ_i·s_i[32] |
   * dealing | dealers | record template`. Secret.
   */
  encode(writer: Writer): void {
    const { group } = this.#environment
    writer.prefixed(encodeShareSetRecord(group, this.#config.old))
    writeStatement(writer, this)
    writer.prefixed(this.sid ?? new Uint8Array()).u8(this.#constant === undefined ? 0 : 1)
    if (this.#constant !== undefined) writer.bytes(this.#constant)
    writeDealing(writer, this.#dealing)
    writeDealers(this.#environment, writer, this.#dealers)
    writeTemplate(group, writer, this.#template)
  }

  /** @throws {CodecError | SHARE_PARSING_FAILED} for anything but what `encode` wrote in a session on these terms */
  static decode(terms: ReshareTerms, reader: Reader): ReshareMachine {
    const { group, random } = terms
    const old = decodeShareSetRecord((curve) => {
      if (curve !== group.curve) throw new CodecError('session state of another curve')
      return group
    }, reader.prefixed(RECORD_MAX_LENGTH))
    const machine = new ReshareMachine(group, random, fitting(terms, old))
    requireStatement(reader, machine)
    return orWipe(machine, () => {
      const sid = reader.prefixed(32)
      machine.sid = sid.length === 0 ? undefined : sid
      machine.#constant = reader.u8() === 0 ? undefined : readSecret(group, reader)
      machine.#dealing = readDealing(group, reader)
      machine.#dealers = readDealers(machine.#environment, reader)
      machine.#template = readTemplate(group, reader)
    })
  }

  wipe(): void {
    this.#endConstant()
    wipeDealing(this.#dealing)
    wipeTemplate(this.#template)
  }

  #own(): ReshareParticipant {
    return this.#config.participants[this.self - 1] as ReshareParticipant
  }

  #others(): (ReshareParticipant & { readonly participant: number })[] {
    return this.#config.participants
      .map((one, i) => ({ ...one, participant: i + 1 }))
      .filter(({ participant }) => participant !== this.self)
  }
}

/** Checks the agreed terms against the old set of a restored state. @throws {CodecError} if they do not fit */
function fitting(terms: ReshareTerms, old: ShareSetRecord): ReshareConfig {
  try {
    return checkReshareTerms(terms, old)
  } catch (cause) {
    throw new CodecError('session state of a reshare on other terms', { cause })
  }
}
