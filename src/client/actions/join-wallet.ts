import { isMpcError, MpcError } from '../../errors.ts'
import { PSK_LENGTH } from '../../hpke/key-schedule.ts'
import { isDeviceId } from '../../wire/ids.ts'
import { assertFunction, assertObject, walletIdArgument } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { encodeJoinCode } from '../join/code.ts'
import { createDeviceChannel, drawKeyPair, type DeviceChannel } from '../join/device-channel.ts'
import { JOIN_TIMEOUT_MS } from '../join/join-rounds.ts'
import { runJoin } from '../join/run-join.ts'
import { newOperationId } from '../operations/run-operation.ts'
import { createProgress, plans, type Progress } from '../progress.ts'
import type { ActionOptions, Call, Client, PublicKeys, Wallet } from '../types.ts'
import { publicKeysArgument } from '../wallet-shares.ts'

export interface JoinWalletParameters extends ActionOptions {
  /** The wallet that this device expects to join: 16 bytes in lower-case hex. Default: the one that it is invited to. */
  readonly walletId?: string
  /**
   * The public keys that the wallet must have, if the app knows them. With them, whoever has seen the code cannot invite
   * this device to another wallet.
   */
  readonly publicKeys?: PublicKeys
  /** Milliseconds after which the code is of no use, and `done` rejects. Default: ten minutes. */
  readonly timeoutMs?: number
  /** Called at each step with how far the action is; what it throws goes to `onError`. */
  readonly onProgress?: (progress: Progress) => void
}

/** A device that waits to be invited to a wallet. */
export interface JoiningDevice {
  /**
   * Show this to the device that invites this one, as a QR code: 192 characters of its alphanumeric mode. It is a secret
   * until `done`: show it to nobody else, do not send it through a server, and do not log it.
   */
  readonly code: string
  /**
   * The wallet, once this device has joined it. Rejects with the codes of {@link joinWallet}. A rejection that nobody handles
   * has no effect.
   */
  readonly done: Promise<Wallet>
  /** Gives up: `done` rejects with ABORTED, and the code is of no use, unless the device has joined by then. */
  cancel(): void
}

/**
 * Gives this device a signing set of its own for a wallet that another device of the user has, without a backup. This device
 * shows a code, the other one runs {@link inviteDevice} with it. Both can sign afterwards. The public keys stay the same.
 *
 * A code is used once, and only while this action runs.
 *
 * `done` rejects with JOIN_EXPIRED if no device has responded in time, JOIN_CANCELLED if the other device or the server has
 * ended the join, CHANNEL_FAILED if a message is not of a device that has the code, SHARE_PARSING_FAILED if what it offers is
 * no signing set, SET_MISMATCH if it is another wallet than was expected, or one that this device knows with other public
 * keys, and with the codes of every action, such as NETWORK_ERROR or MALFORMED_RESPONSE. Nothing was changed then, unless the
 * last message had been sent: what the server has committed is finished at the next use.
 *
 * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if this device cannot store a share, or its device key
 * @throws {NETWORK_ERROR} if the transport's `deviceId` fails
 * @throws {TypeError} if it gives no device id
 * @throws {ABORTED | TIMEOUT}
 *
 * @example
 * const joining = await joinWallet(client)
 * showQrCode(joining.code)
 * const wallet = await joining.done
 */
export async function joinWallet(client: Client, options: JoinWalletParameters = {}): Promise<JoiningDevice> {
  const { walletId, publicKeys, signal, timeoutMs = JOIN_TIMEOUT_MS, onProgress } = assertObject(options, 'joinWallet')
  if (walletId !== undefined) walletIdArgument(walletId)
  const expected = { walletId, publicKeys: publicKeys === undefined ? undefined : publicKeysArgument(publicKeys) }
  const progress = createProgress(client, plans.join, assertFunction(onProgress, 'onProgress'))
  const { code, operationId, channel } = await withDeadline(
    client,
    { timeoutMs, ...(signal && { signal }) },
    (deadline, client) => createInvitation({ client, deadline }),
  )
  const cancelling = new AbortController()
  const cancel = () => cancelling.abort(signal?.reason)
  signal?.addEventListener('abort', cancel)
  if (signal?.aborted) cancel()
  const done = withDeadline(client, { timeoutMs, signal: cancelling.signal }, (deadline, client) =>
    runJoin({ client, deadline, operationId, channel, expected, progress }),
  ).finally(() => {
    channel.wipe()
    signal?.removeEventListener('abort', cancel)
  })
  done.catch(() => undefined)
  return { code, done, cancel }
}

interface OpenJoin {
  readonly code: string
  readonly operationId: string
  readonly channel: DeviceChannel
}

/** Draws the keys of an invitation. Nothing is stored or sent. */
async function createInvitation(call: Call): Promise<OpenJoin> {
  const { client } = call
  await client.storage.probe()
  const deviceId = await ownDeviceId(call)
  const operationId = newOperationId(client)
  const own = await drawKeyPair(client.random)
  const psk = client.random(PSK_LENGTH)
  const { random } = client
  const { publicKey } = own
  const code = encodeJoinCode({ invitationId: operationId, publicKey, deviceId, psk })
  const side = 'joining'
  const channel = createDeviceChannel({ side, invitationId: operationId, joiningKey: publicKey, own, psk, random })
  return { code, operationId, channel }
}

/** The id of this device; null if its transport is not sealed. The transport may be the app's own. */
async function ownDeviceId({ client, deadline }: Call): Promise<string | null> {
  const { transport } = client
  let deviceId: string | null
  try {
    deviceId = (await deadline.race(transport.deviceId?.())) ?? null
  } catch (cause) {
    deadline.check()
    if (isMpcError(cause)) throw cause
    throw new MpcError('NETWORK_ERROR', 'the transport failed', { cause, retryable: false })
  }
  if (deviceId !== null && !isDeviceId(deviceId)) throw new TypeError('the transport gave no device id')
  return deviceId
}
