import { JOIN_RELAY_INDEX } from '../../wire/join.ts'
import type { OperationId } from '../../wire/operations.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../wire/round-body.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import { isCodecError } from '../../util/codec.ts'
import { getJoinRound, postAbort } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { Call, Client } from '../types.ts'
import type { DeviceChannel } from './device-channel.ts'
import type { JoinSessions } from './join-sessions.ts'

/** How long a code can be used: the default limit of a server for one operation. */
export const JOIN_TIMEOUT_MS = 10 * 60_000

/** How long a device waits before it asks again whether the other one has sent its messages. */
const POLL_MS = 1000

/** How long to wait for the server to learn of an abort; otherwise it times the operation out itself. */
const ABORT_TIMEOUT_MS = 5_000

/** What a round has left for this device. */
export interface LeftMessages {
  /** Those of the sessions, from the server. */
  readonly messages: readonly SessionMessage[]
  /** The other device's message, sealed. */
  readonly sealed: Uint8Array
}

/**
 * Waits until the other device's round has run, and gets what it has left.
 *
 * @throws {JOIN_EXPIRED} if that takes longer than the action may
 * @throws {JOIN_CANCELLED} if the other device, or the server, has ended the join
 * @throws {PROTOCOL_ABORTED} if the server left out the other device's message
 */
export async function awaitRound(call: Call, operationId: OperationId, round: number): Promise<LeftMessages> {
  const { client, deadline } = call
  try {
    for (;;) {
      const { header, messages } = await getJoinRound(call, operationId, round)
      if (header.decision === 'ABORT') throw new MpcError('JOIN_CANCELLED', 'the join was ended by the other side')
      if (header.round >= round) return splitMessages(messages)
      await deadline.race(client.wait(POLL_MS, deadline.signal))
      deadline.check()
    }
  } catch (cause) {
    if (!isMpcError(cause, 'TIMEOUT')) throw cause
    throw new MpcError('JOIN_EXPIRED', 'the other device did not respond in time', { cause })
  }
}

function splitMessages(messages: readonly SessionMessage[]): LeftMessages {
  const isRelayed = ({ sessionIndex }: SessionMessage) => sessionIndex === JOIN_RELAY_INDEX
  const [relayed, ...others] = messages.filter(isRelayed)
  if (relayed === undefined || others.length > 0) {
    throw new MpcError('PROTOCOL_ABORTED', 'the server left out the message of the other device')
  }
  return { messages: messages.filter((message) => !isRelayed(message)), sealed: relayed.envelope }
}

/**
 * The messages of a round: those of the sessions for the server, and one for the other device, sealed: a round body with
 * the sessions' messages for it.
 *
 * @param header of the message for the other device
 * @throws {PROTOCOL_ABORTED} if the sessions have nothing to send, since messages for them were left out
 */
export async function roundMessages(
  channel: DeviceChannel,
  sessions: JoinSessions,
  header: object = {},
): Promise<SessionMessage[]> {
  const [messages, forServer] = [sessions.take('device'), sessions.take('server')]
  if (forServer.length === 0)
    throw new MpcError('PROTOCOL_ABORTED', 'messages of the protocol were left out or changed')
  const plaintext = encodeRoundBody({ header, messages })
  try {
    const envelope = await channel.seal(plaintext)
    return [...forServer, { sessionIndex: JOIN_RELAY_INDEX, envelope }]
  } finally {
    // They may have the evaluation that only the other device may see.
    wipe(plaintext, ...messages.map(({ envelope }) => envelope))
  }
}

/**
 * Opens the other device's message. The caller wipes its envelopes.
 *
 * @throws {CHANNEL_FAILED} if it is not that device's next message
 */
export async function openMessage(channel: DeviceChannel, sealed: Uint8Array): Promise<RoundBody<unknown>> {
  let plaintext: Uint8Array | undefined
  try {
    plaintext = await channel.open(sealed)
    return decodeRoundBody(plaintext)
  } catch (cause) {
    if (!isCodecError(cause)) throw cause
    throw new MpcError('CHANNEL_FAILED', `no message of the other device: ${cause.message}`, { cause })
  } finally {
    wipe(plaintext)
  }
}

/** Takes what a round has left: the server's messages, and the other device's, which are wiped. */
export async function receiveRound(channel: DeviceChannel, sessions: JoinSessions, left: LeftMessages): Promise<void> {
  const { messages } = await openMessage(channel, left.sealed)
  try {
    sessions.receive('server', left.messages)
    sessions.receive('device', messages)
  } finally {
    wipe(...messages.map(({ envelope }) => envelope))
  }
}

/**
 * Aborts a join at the server, which otherwise times it out by itself.
 *
 * @param hurried whether not to wait for the server: the caller wants to stop, or the server cannot be reached
 */
export async function abortJoin(client: Client, operationId: OperationId, hurried: boolean): Promise<void> {
  const told = withDeadline(client, { timeoutMs: ABORT_TIMEOUT_MS }, (deadline) =>
    postAbort(client, deadline, operationId),
  ).catch(() => undefined)
  if (!hurried) await told
}
