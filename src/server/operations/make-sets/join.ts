import * as v from 'valibot'
import {
  isJoiningRound,
  JOIN_RELAY_INDEX,
  JOIN_RELAY_MAX_LENGTH,
  JOIN_SELF,
  joinParticipants,
} from '../../../wire/join.ts'
import { operationSessions } from '../../../wire/operation-definitions.ts'
import type { JoinRequest } from '../../../wire/operations.ts'
import type { SessionMessage } from '../../../wire/round-body.ts'
import { WALLET_THRESHOLD } from '../../../wire/sessions.ts'
import { bindsLimits, operationFlags } from '../../../wire/operation-flags.ts'
import { BadRequest } from '../../../service/http.ts'
import { getGroup } from '../../../curve/index.ts'
import { MpcError, ProtocolError } from '../../../errors.ts'
import { combineShares, wipeKeyShare, type KeyShare } from '../../../key-share/index.ts'
import { createReshare, restoreReshare, type ReshareResult } from '../../../protocol/reshare/index.ts'
import { decodeEnvelopeHeader, type Envelope } from '../../../protocol/session/envelope.ts'
import type { Session } from '../../../protocol/session/session.ts'
import type { Curve } from '../../../types.ts'
import { isCodecError } from '../../../util/codec.ts'
import type { Caller } from '../../access/caller.ts'
import type { ServerContext } from '../../context.ts'
import type { ServerOperation } from '../operation.ts'
import type { RoundInput, RoundOutput } from '../round.ts'
import { assertNotExpired } from '../../sets/set-checks.ts'
import { newLimits } from '../operation.ts'
import { deviceId, label, limitFields, setId, walletId } from '../schemas.ts'
import { advanceSessions, exportSessions, restoreSessions, resultsOf } from '../sessions.ts'
import { openSourceShare, requireUnbound, sourceOf } from '../source.ts'
import { leaveForOtherDevice } from './join-messages.ts'
import { commitSets } from './commit-sets.ts'
import { limitsOfNew } from './new-sets.ts'
import { prepareSets } from './prepare-sets.ts'

type JoinSession = Session<ReshareResult>

/** Makes a signing set for a device that has none, from the set of another. */
export const joinOperation: ServerOperation<JoinRequest> = {
  schema: (limits) =>
    v.strictObject({
      kind: v.literal('join'),
      walletId,
      setId,
      label: label(limits),
      ...limitFields,
      joiningDeviceId: v.pipe(v.nullable(deviceId), v.description('Null if neither device seals its requests.')),
    }),
  policyFields: ({ label, joiningDeviceId, ...request }) => ({
    label,
    ...newLimits(request),
    ...(joiningDeviceId !== null && { joiningDeviceId }),
  }),
  checkStart: async (context, caller, request) => {
    assertNotExpired(limitsOfNew(request, undefined), context.now())
    await requireDevice(context, caller, request)
  },
  failuresCountAgainst: ['set', 'device'],
  // Logged at its start: another device gets a share.
  startEvents: ({ operationId }, { walletId, setId, joiningDeviceId }) => [
    { event: 'joinStarted', walletId, setId, operationId, detail: joiningDeviceId ?? '' },
  ],
  keepsDecision: true,
  handle: joinRound,
}

/** @throws {CHANNEL_FAILED} if the new set would be bound to no device, and other sets of the wallet are bound to one */
async function requireDevice(
  { database }: ServerContext,
  { clientId, device }: Caller,
  { walletId, joiningDeviceId }: JoinRequest,
): Promise<void> {
  if (joiningDeviceId !== null) return
  if (device !== null) throw new MpcError('CHANNEL_FAILED', 'the joining device has to seal its requests, too')
  await requireUnbound(database, { clientId, walletId })
}

/**
 * Runs one round of the sessions. The server's share is prepared in round 3, before it is confirmed to either device, and
 * becomes ACTIVE with the confirmation of the joining device.
 */
async function joinRound(context: ServerContext, input: RoundInput<JoinRequest>): Promise<RoundOutput> {
  const { request, round, state } = input
  // Checked in each round, not only at the commit: a set that has ended must not deal.
  await sourceOf(context, input)
  const sender = isJoiningRound(round) ? JOIN_SELF.joining : JOIN_SELF.inviting
  const { envelopes, relayed } = splitMessages(operationSessions(request).length, input.messages, sender)
  const sessions = state === undefined ? openSessions(context, input) : resumeSessions(context, request, state)
  const shares: KeyShare[] = []
  try {
    const { messages, steps } = advanceSessions(sessions, envelopes, false)
    const [prepared, done] = [resultsOf(steps, 'prepared'), resultsOf(steps, 'done')]
    if (round === 3 && prepared === undefined) throw new ProtocolError('FORMAT', 0, [], 'a message is missing')
    const results = prepared ?? done
    if (results !== undefined) shares.push(...results.map(({ share }) => share as KeyShare))
    const sets = results === undefined ? [] : [combineShares(shares)]
    if (prepared !== undefined) await prepareSets(context, input, sets)
    const sent = messages.map((message) => ({ message, to: decodeEnvelopeHeader(message.envelope).to }))
    const visibleTo = (reader: number) =>
      sent.filter(({ to }) => to === 0 || to === reader).map(({ message }) => message)
    const left = [...visibleTo(otherDevice(sender)), relayed]
    return {
      messages: visibleTo(sender),
      writes: (tx) => leaveForOtherDevice(context, tx, input, left),
      ...(done === undefined ? { state: exportSessions(sessions) } : { completion: commitSets(context, input, sets) }),
    }
  } finally {
    shares.forEach(wipeKeyShare)
    for (const session of sessions) session.dispose()
  }
}

function otherDevice(sender: number): number {
  return sender === JOIN_SELF.joining ? JOIN_SELF.inviting : JOIN_SELF.joining
}

/**
 * The envelopes for the server, and the message for the other device.
 *
 * @throws {BadRequest} unless there is exactly one such message, and every envelope is from the caller
 */
function splitMessages(
  sessions: number,
  messages: readonly SessionMessage[],
  sender: number,
): { readonly envelopes: readonly SessionMessage[]; readonly relayed: SessionMessage } {
  const envelopes = messages.filter(({ sessionIndex }) => sessionIndex < sessions)
  const relayed = messages.find(({ sessionIndex }) => sessionIndex === JOIN_RELAY_INDEX)
  if (relayed === undefined || messages.length !== envelopes.length + 1) {
    throw new BadRequest('a round of a join has one message for the other device')
  }
  const { length } = relayed.envelope
  if (length === 0 || length > JOIN_RELAY_MAX_LENGTH) throw new BadRequest(`a message for a device of ${length} bytes`)
  for (const { envelope } of envelopes) {
    if (readHeader(envelope).from !== sender) throw new BadRequest('a message of another participant')
  }
  return { envelopes, relayed }
}

function readHeader(bytes: Uint8Array): Omit<Envelope, 'body'> {
  try {
    return decodeEnvelopeHeader(bytes)
  } catch (error) {
    if (isCodecError(error)) throw new BadRequest(`not an envelope: ${error.message}`)
    throw error
  }
}

function openSessions(context: ServerContext, input: RoundInput<JoinRequest>): JoinSession[] {
  const { shares } = openSourceShare(context, input)
  try {
    return operationSessions(input.request).map(({ curve }) => {
      const share = shares.find(({ record }) => record.curve === curve) as KeyShare
      return createReshare({ ...joinTerms(context, input.request, curve), old: share.record, share })
    })
  } finally {
    shares.forEach(wipeKeyShare)
  }
}

function resumeSessions(context: ServerContext, request: JoinRequest, state: Uint8Array): JoinSession[] {
  const specs = operationSessions(request)
  return restoreSessions(state, (one, at) =>
    restoreReshare(one, joinTerms(context, request, specs[at]?.curve as Curve)),
  )
}

function joinTerms({ random }: ServerContext, request: JoinRequest, curve: Curve) {
  return {
    group: getGroup(curve),
    purpose: 'signing',
    threshold: WALLET_THRESHOLD,
    participants: joinParticipants(),
    self: JOIN_SELF.server,
    flags: operationFlags(request),
    ...bindsLimits(request),
    random,
  } as const
}
