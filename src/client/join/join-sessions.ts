import { JOIN_SELF, joinParticipants } from '../../wire/join.ts'
import type { SessionMessage } from '../../wire/round-body.ts'
import { limitsBinding } from '../../wire/limits-binding.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import { WALLET_THRESHOLD } from '../../wire/sessions.ts'
import { ProtocolError } from '../../errors.ts'
import { decodeEnvelopeHeader } from '../../protocol/session/envelope.ts'
import type { Session } from '../../protocol/session/session.ts'
import { createReshare, type ReshareResult } from '../../protocol/reshare/index.ts'
import { combineRecords, wipeKeyShare } from '../../key-share/index.ts'
import type { KeyShare, ShareSetRecord, WalletSetRecord } from '../../key-share/types.ts'
import { isCodecError } from '../../util/codec.ts'
import type { Client } from '../types.ts'
import type { JoinSide } from './device-channel.ts'

/** Where a message of a join goes to or comes from: the server itself, or the other device. */
export type JoinPeer = 'server' | 'device'

/** The sessions of one device in a join, one for each curve. */
export interface JoinSessions {
  /** The first messages, of the inviting device. */
  start(): void
  /** Takes messages. One that does not name the peer as its sender is ignored. */
  receive(from: JoinPeer, messages: readonly SessionMessage[]): void
  /** Makes each step that the received messages allow. @throws {PROTOCOL_ABORTED} if a check fails */
  advance(): void
  /** Takes what the steps have made for a peer since the last call. */
  take(to: JoinPeer): readonly SessionMessage[]
  /** The new shares of the joining device, which the caller wipes. @throws {PROTOCOL_ABORTED} if messages are missing */
  madeShares(round: number): readonly KeyShare[]
  /** The new set, once the others have confirmed it. @throws {PROTOCOL_ABORTED} if messages are missing */
  madeSet(round: number): WalletSetRecord
  /** Wipes the sessions, and shares that nobody has taken. */
  dispose(): void
}

const OTHER_SIDE = { inviting: JOIN_SELF.joining, joining: JOIN_SELF.inviting } as const

/**
 * Makes the sessions of one device.
 *
 * @param source what deals: the inviting device's shares, or what the joining device knows of them
 * @param limits of the new set
 */
export function createJoinSessions(
  client: Client,
  side: JoinSide,
  source: readonly (KeyShare | ShareSetRecord)[],
  limits: SetLimits,
): JoinSessions {
  const peers: Readonly<Record<JoinPeer, number>> = { server: JOIN_SELF.server, device: OTHER_SIDE[side] }
  const sessions = source.map((one) => openSession(client, side, one, limits))
  const results: { prepared?: ReshareResult; done?: ReshareResult }[] = sessions.map(() => ({}))
  const outgoing: Record<JoinPeer, SessionMessage[]> = { server: [], device: [] }
  let areTaken = false

  const step = (make: (session: Session<ReshareResult>) => ReturnType<Session<ReshareResult>['advance']>) => {
    for (const [sessionIndex, session] of sessions.entries()) {
      if (results[sessionIndex]!.done !== undefined) continue
      const { out, prepared, done } = make(session)
      results[sessionIndex] = { ...results[sessionIndex], ...(prepared && { prepared }), ...(done && { done }) }
      for (const envelope of out) {
        const { to } = decodeEnvelopeHeader(envelope)
        for (const peer of ['server', 'device'] as const) {
          // A copy for each: what goes to the other device is wiped once it is sealed.
          if (to === 0) outgoing[peer].push({ sessionIndex, envelope: envelope.slice() })
          else if (to === peers[peer]) outgoing[peer].push({ sessionIndex, envelope })
        }
      }
    }
  }

  return {
    start: () => step((session) => session.start()),
    receive(from, messages) {
      for (const { sessionIndex, envelope } of messages) {
        const isLive = results[sessionIndex] !== undefined && results[sessionIndex].done === undefined
        if (isLive && senderOf(envelope) === peers[from]) sessions[sessionIndex]!.receive(envelope)
      }
    },
    advance: () => step((session) => session.advance()),
    take(to) {
      const messages = outgoing[to]
      outgoing[to] = []
      return messages
    },
    madeShares(round) {
      const shares = results.map(({ prepared }) => prepared?.share ?? incomplete(round))
      areTaken = true
      return shares
    },
    madeSet: (round) => combineRecords(results.map(({ done }) => done?.record ?? incomplete(round))),
    dispose() {
      for (const session of sessions) session.dispose()
      for (const { prepared, done } of results) {
        if (prepared?.share !== undefined && !areTaken) wipeKeyShare(prepared.share)
        if (done?.share !== undefined && done !== prepared) wipeKeyShare(done.share)
      }
    },
  }
}

function openSession(
  client: Client,
  side: JoinSide,
  source: KeyShare | ShareSetRecord,
  limits: SetLimits,
): Session<ReshareResult> {
  const old = 'record' in source ? source.record : source
  const binding = limitsBinding(limits)
  return createReshare({
    group: client.group(old.curve),
    old,
    purpose: 'signing',
    threshold: WALLET_THRESHOLD,
    participants: joinParticipants(),
    self: JOIN_SELF[side],
    ...(binding && { binding }),
    random: client.random,
    ...('record' in source && { share: source }),
  })
}

/** The participant that an envelope names as its sender; undefined if it is none. */
function senderOf(envelope: Uint8Array): number | undefined {
  try {
    return decodeEnvelopeHeader(envelope).from
  } catch (error) {
    if (isCodecError(error)) return undefined
    throw error
  }
}

function incomplete(round: number): never {
  throw new ProtocolError('FORMAT', round, [], 'messages of the protocol were left out')
}
