import type { JoinRequest } from '../../wire/operations.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex, wipe } from '../../util/bytes.ts'
import { checkText, LABEL } from '../../util/text.ts'
import { assertFunction, assertObject, limitsArgument, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { decodeJoinCode, type JoinCode } from '../join/code.ts'
import { createDeviceChannel, drawKeyPair, type DeviceChannel } from '../join/device-channel.ts'
import { abortJoin, awaitRound, JOIN_TIMEOUT_MS, receiveRound, roundMessages } from '../join/join-rounds.ts'
import { createJoinSessions, type JoinSessions } from '../join/join-sessions.ts'
import { offerHeader } from '../join/offer.ts'
import { isNetworkFailure, postRound } from '../operations/api-client.ts'
import { beginWith } from '../operations/run-operation.ts'
import { createProgress, plans, type Progress, type ProgressReporter } from '../progress.ts'
import type { ActionOptions, Call, Client } from '../types.ts'
import { assertUnlimited, useActiveSet } from '../wallets/active-set.ts'

export interface InviteDeviceParameters extends ActionOptions, SetLimits {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** The code that the joining device shows. */
  readonly code: string
  /**
   * A name for the joining device in the list of sets: one line of at most 128 UTF-16 code units, in Unicode normalization
   * form C. Default: empty.
   */
  readonly label?: string
  /** Milliseconds after which the action ends with JOIN_EXPIRED or TIMEOUT. Default: ten minutes. */
  readonly timeoutMs?: number
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/** A device that has joined a wallet. */
export interface InvitedDevice {
  /** Its signing set: 32 bytes in lower-case hex. */
  readonly setId: string
  /** Its device id: 32 bytes in lower-case hex; null if its transport is not sealed. */
  readonly deviceId: string | null
}

/**
 * Gives another device of the user a signing set of its own, without a backup. The other device runs {@link joinWallet} and
 * shows a code. This device's own set stays as it is.
 *
 * With a scope or an expiry, the other device gets a limited set: it signs what the server's policy allows for the scope, until
 * its time is over, and makes no backups, exports or further devices. A limited set cannot invite.
 *
 * Call it only after the user has agreed, on this device, that the other one joins: it can sign from then on.
 *
 * If the action fails after the other device has got its share, it may have joined: `listDevices` tells.
 *
 * @throws {JOIN_CODE_INVALID} if it is not the code of a joining device; nothing was sent
 * @throws {JOIN_USED} if the server refuses the code: it was used before, or its time is over
 * @throws {JOIN_EXPIRED} if the other device did not respond in time, also because it shows the code no more or has given up
 * @throws {JOIN_CANCELLED} if the other device, or the server, has ended the join
 * @throws {CHANNEL_FAILED} if a message is not the other device's
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH | SET_RETIRED} if this device cannot use the wallet
 * @throws {SET_EXPIRED} if `expiresAt` is over by the server's clock, or the time of this device's own set
 * @throws {POLICY_DENIED} if this device's own set is limited
 * @throws {PROTOCOL_ABORTED | NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | DEVICE_REVOKED |
 * POLICY_DENIED | RATE_LIMITED}
 *
 * @example
 * const { deviceId } = await inviteDevice(client, { walletId: wallet.id, code: scanned, label: 'Tablet' })
 */
export async function inviteDevice(client: Client, options: InviteDeviceParameters): Promise<InvitedDevice> {
  const { walletId, code, label = '', timeoutMs = JOIN_TIMEOUT_MS, onProgress } = assertObject(options, 'inviteDevice')
  const limitsOfNew = limitsArgument(options)
  walletIdArgument(walletId)
  checkText(label, LABEL, 'label')
  const progress = createProgress(client, plans.invite, assertFunction(onProgress, 'onProgress'))
  const invitation = decodeJoinCode(code)
  try {
    return await withDeadline(client, { ...options, timeoutMs, progress }, (deadline, client) => {
      progress.begin('Reading share')
      return useActiveSet(client, deadline, walletId, (shares, limits) => {
        assertUnlimited(limits, 'join')
        progress.restart()
        return runInvitation({ client, deadline }, shares, { invitation, label, limits: limitsOfNew, progress })
      })
    })
  } finally {
    wipe(invitation.psk)
  }
}

/** The validated parameters of an invitation. */
interface Invitation {
  readonly invitation: JoinCode
  readonly label: string
  /** Those of the new set. */
  readonly limits: SetLimits
  readonly progress: ProgressReporter
}

async function runInvitation(call: Call, shares: WalletShares, parameters: Invitation): Promise<InvitedDevice> {
  const { client, deadline } = call
  const { invitationId, deviceId } = parameters.invitation
  const channel = await openChannel(client, parameters.invitation)
  let sessions: JoinSessions | undefined
  let isOurs = false
  try {
    sessions = createJoinSessions(client, 'inviting', shares.shares, parameters.limits)
    const open = { ...call, ...parameters, channel, sessions }
    await begin(open, shares, () => (isOurs = true))
    return { setId: await invite(open), deviceId }
  } catch (error) {
    // A join that this call has not begun may be one that another call runs with the same code.
    if (isOurs) await abortJoin(client, invitationId, deadline.signal.aborted || isNetworkFailure(error))
    throw error
  } finally {
    channel.wipe()
    sessions?.dispose()
  }
}

/** The channel has a key pair and a pre-shared key of its own, which it wipes. */
async function openChannel(client: Client, { invitationId, publicKey, psk }: JoinCode): Promise<DeviceChannel> {
  const own = await drawKeyPair(client.random)
  const { random } = client
  return createDeviceChannel({
    side: 'inviting',
    invitationId,
    joiningKey: publicKey,
    own,
    psk: psk.slice(),
    random,
  })
}

interface OpenInvitation extends Call, Invitation {
  readonly channel: DeviceChannel
  readonly sessions: JoinSessions
}

/** Runs round 3 of the join. @returns the set that the other device has now */
async function invite(open: OpenInvitation): Promise<string> {
  const { invitation, progress, channel, sessions } = open
  const operationId = invitation.invitationId
  progress.begin('Waiting for the other device')
  await receiveRound(channel, sessions, await awaitRound(open, operationId, 2))
  sessions.advance()
  progress.begin('Generating share')
  const messages = await roundMessages(channel, sessions)
  const { messages: confirmations } = await postRound(open, operationId, 3, { header: {}, messages })
  sessions.receive('server', confirmations)
  progress.begin('Waiting for the other device')
  await receiveRound(channel, sessions, await awaitRound(open, operationId, 4))
  sessions.advance()
  const { setId } = sessions.madeSet(4)
  progress.finish()
  return toHex(setId)
}

/**
 * Sends round 1, with the proof that this device holds its share.
 *
 * @param onBegun called once the server has begun the join, or may have
 */
async function begin(open: OpenInvitation, shares: WalletShares, onBegun: () => void): Promise<void> {
  const { client, deadline, invitation, label, limits, channel, sessions } = open
  const { invitationId: operationId, deviceId: joiningDeviceId } = invitation
  const setFields = { walletId: toHex(shares.walletId), setId: toHex(shares.setId) }
  const request: JoinRequest = { kind: 'join', ...setFields, label, joiningDeviceId, ...limits }
  sessions.start()
  const messages = await roundMessages(channel, sessions, offerHeader(client, shares, limits))
  const header = beginWith(client, { operationId, request, messages }, shares)
  deadline.check()
  try {
    const response = await postRound(open, operationId, 1, { header, messages })
    onBegun()
    sessions.receive('server', response.messages)
  } catch (cause) {
    if (deadline.signal.aborted || isNetworkFailure(cause)) onBegun()
    if (!isMpcError(cause, 'PROTOCOL_ABORTED')) throw cause
    throw new MpcError('JOIN_USED', 'the server refuses this code: it was used before, or its time is over', { cause })
  }
}
