import type { ReshareParticipant } from '../protocol/reshare/types.ts'
import { partyId } from '../types.ts'
import type { Decision } from './operations.ts'
import { partiesOf } from './sessions.ts'

/**
 * A join is a reshare of three: the device that has the set deals, the server deals and receives, the joining device
 * receives. The new set has the parties of every signing set.
 *
 * | round | sent by  | its envelopes                   | the response has      | left for the other device     |
 * | ----- | -------- | ------------------------------- | --------------------- | ----------------------------- |
 * | 1     | inviting | its round 1                     | the server's round 1  | the server's round 1          |
 * | 2     | joining  | its round 1                     | the server's round 2  | the server's round 2          |
 * | 3     | inviting | its round 2, and 3 to the server | the server's round 4 | the server's rounds 3 and 4   |
 * | 4     | joining  | its round 4                     | an `OperationResult`  |                               |
 *
 * Every round's request also has exactly one message of {@link JOIN_RELAY_INDEX}, which is left for the other device as
 * it is. The device gets what was left by `GET paths.joinRound(operationId, round)`.
 *
 * The operation's id is the id of the invitation. A round whose turn has not come is refused as OPERATION_IN_PROGRESS.
 * Either device may abort the operation.
 */
export function joinParticipants(): readonly ReshareParticipant[] {
  const [device, server] = partiesOf('signing')
  return [{ dealer: partyId(1) }, { dealer: partyId(2), receiver: server! }, { receiver: device! }]
}

/** The participant numbers of a join. */
export const JOIN_SELF = { inviting: 1, server: 2, joining: 3 } as const

/**
 * The `sessionIndex` of the message that one device sends to the other through the server, which cannot read it: after
 * the sessions, one for each curve.
 */
export const JOIN_RELAY_INDEX = 2

/** The longest such message, in bytes. */
export const JOIN_RELAY_MAX_LENGTH = 1 << 14

/** Whether the joining device sends a round of a join, rather than the one that has the set. */
export function isJoiningRound(round: number): boolean {
  return round % 2 === 0
}

/** The header of what `GET paths.joinRound` responds with. Its messages are none unless that round has run. */
export interface JoinStatus {
  /** How many rounds have run; 0 for an invitation that nobody has used, or that the server has forgotten. */
  readonly round: number
  /** Null while it is undecided. */
  readonly decision: Decision['decision'] | null
  /** Until when the rounds can be run (ISO 8601, by the server's clock); null with `round` 0. */
  readonly expiresAt: string | null
}
