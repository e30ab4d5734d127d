import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { createReshare, type ReshareResult } from '../../../src/protocol/reshare/index.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import { combineShares, type KeyShare, type WalletShares } from '../../../src/key-share/index.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import {
  isJoiningRound,
  JOIN_RELAY_INDEX,
  JOIN_SELF,
  joinParticipants,
  type JoinStatus,
} from '../../../src/wire/join.ts'
import { operationFlags } from '../../../src/wire/operation-flags.ts'
import { limitsBinding } from '../../../src/wire/limits-binding.ts'
import type { SetLimits } from '../../../src/wire/set-limits.ts'
import type { JoinRequest, OperationResult } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { WALLET_THRESHOLD } from '../../../src/wire/sessions.ts'
import { firstFlight, unwrap, type Answer, type ServerClient } from '../../support/server-client.ts'
import { ecdsaShare } from '../../../src/server/sets/shares.ts'
import { setIdOf } from './wallets.ts'

const SERVER = JOIN_SELF.server

/** The sessions of one device, by curve. */
class Side {
  readonly self: 1 | 3
  readonly #sessions: readonly Session<ReshareResult>[]
  readonly #results: (ReshareResult | undefined)[] = []
  isDone = false

  constructor(self: 1 | 3, sessions: readonly Session<ReshareResult>[]) {
    this.self = self
    this.#sessions = sessions
  }

  start(): SessionMessage[] {
    return named(this.#sessions.map((session) => session.start().out))
  }

  /** Takes what others have sent. @returns what this sends to anyone */
  take(received: readonly SessionMessage[]): SessionMessage[] {
    for (const { sessionIndex, envelope } of received) this.#sessions[sessionIndex]?.receive(envelope)
    const steps = this.#sessions.map((session) => session.advance())
    steps.forEach((step, i) => (this.#results[i] ??= step.prepared))
    this.isDone = steps.every(({ done }) => done !== undefined)
    return named(steps.map(({ out }) => out))
  }

  /** The new share. */
  get share(): WalletShares {
    return combineShares(this.#results.map((result) => result?.share as KeyShare))
  }
}

const named = (out: readonly (readonly Uint8Array[])[]): SessionMessage[] =>
  out.flatMap((envelopes, sessionIndex) => envelopes.map((envelope) => ({ sessionIndex, envelope })))

/** How a join differs from the usual one. */
export interface JoinOptions extends Partial<Pick<JoinRequest, 'joiningDeviceId' | 'label' | 'scope' | 'expiresAt'>> {
  readonly operationId?: string
}

/**
 * A join as both devices play it, with messages between them that anyone can read. A round is polled and made by
 * {@link make}, sent by {@link post} as often as one likes, and ends with {@link take}.
 */
export class TestJoin {
  readonly operationId: string
  readonly request: JoinRequest
  /** The requests that were made, by round from 1. */
  readonly bodies: Uint8Array[] = []
  result: OperationResult | undefined
  readonly inviting: Side
  readonly joining: Side
  readonly #clients: Readonly<Record<1 | 3, ServerClient>>
  readonly #source: WalletShares

  /** @param believed the limits of the new set according to the joining device; those of the request unless given */
  constructor(
    inviting: ServerClient,
    joining: ServerClient,
    source: WalletShares,
    options: JoinOptions = {},
    believed: SetLimits = options,
  ) {
    const { operationId = toHex(inviting.random(16)), joiningDeviceId = null, label = 'tablet', ...limits } = options
    const walletId = toHex(source.walletId)
    this.operationId = operationId
    this.request = { kind: 'join', walletId, setId: setIdOf(source), label, joiningDeviceId, ...limits }
    this.#clients = { [JOIN_SELF.inviting]: inviting, [JOIN_SELF.joining]: joining }
    this.#source = source
    this.inviting = new Side(JOIN_SELF.inviting, this.#open(JOIN_SELF.inviting, options))
    this.joining = new Side(JOIN_SELF.joining, this.#open(JOIN_SELF.joining, believed))
  }

  /** The client that sends a round. */
  clientOf(round: number): ServerClient {
    return this.#clients[this.#sideOf(round).self]
  }

  /** What a round has left for the other device. @throws {MpcError} the server's error */
  async poll(round: number, client = this.clientOf(round + 1)): Promise<RoundBody<JoinStatus>> {
    const path = paths.joinRound(this.operationId, round)
    return decodeRoundBody(unwrap(await client.send('GET', path))) as RoundBody<JoinStatus>
  }

  /** Makes the request of a round from what the one before has left. */
  async make(round: number): Promise<Uint8Array> {
    const side = this.#sideOf(round)
    const out = round === 1 ? side.start() : side.take(unfold((await this.poll(round - 1)).messages))
    const to = ({ envelope }: SessionMessage) => decodeEnvelope(envelope).to
    const [forServer, forDevice] = [SERVER, 4 - side.self].map((party) =>
      out.filter((message) => [0, party].includes(to(message))),
    )
    const messages = [...forServer!, relayed(encodeRoundBody({ header: {}, messages: forDevice! }))]
    const body =
      round === 1
        ? firstFlight(this.operationId, this.request, messages, ecdsaShare(this.#source), this.clientOf(1).random)
        : encodeRoundBody({ header: {}, messages })
    this.bodies[round] = body
    return body
  }

  /** Sends a round that was made; says nothing about the answer. */
  post(round: number, client = this.clientOf(round), body = this.bodies[round]): Promise<Answer> {
    return client.send('POST', paths.round(this.operationId, round), body)
  }

  /** Takes the answer to a round. @throws {MpcError} the server's error */
  take(round: number, answer: Answer): void {
    const { header, messages } = decodeRoundBody(unwrap(answer))
    if (round === 4) this.result = header as OperationResult
    else this.#sideOf(round).take(messages)
  }

  /** Plays rounds, from the first to the last unless told otherwise. @throws {MpcError} the server's first error */
  async play(from = 1, to = 4): Promise<this> {
    for (let round = from; round <= to; round++) {
      await this.make(round)
      this.take(round, await this.post(round))
    }
    return this
  }

  #sideOf(round: number): Side {
    return isJoiningRound(round) ? this.joining : this.inviting
  }

  #open(self: 1 | 3, limits: SetLimits): Session<ReshareResult>[] {
    const binding = limitsBinding(limits)
    return this.#source.shares.map((share) =>
      createReshare({
        group: getGroup(share.record.curve),
        old: share.record,
        purpose: 'signing',
        threshold: WALLET_THRESHOLD,
        participants: joinParticipants(),
        self,
        flags: operationFlags(this.request),
        ...(binding && { binding }),
        random: this.#clients[self]?.random ?? this.clientOf(1).random,
        ...(self === JOIN_SELF.inviting && { share }),
      }),
    )
  }
}

const relayed = (envelope: Uint8Array): SessionMessage => ({ sessionIndex: JOIN_RELAY_INDEX, envelope })

/** The server's messages, and those within what the other device has sent. */
export function unfold(messages: readonly SessionMessage[]): SessionMessage[] {
  return messages.flatMap((message) =>
    message.sessionIndex === JOIN_RELAY_INDEX ? decodeRoundBody(message.envelope).messages : [message],
  )
}
