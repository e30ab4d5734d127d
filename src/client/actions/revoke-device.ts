import type { DeviceStatus } from '../../wire/devices.ts'
import { deviceIdArgument, assertObject } from '../arguments.ts'
import { postRevoke } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface RevokeDeviceParameters extends ActionOptions {
  /** 32 bytes in lower-case hex, of {@link listDevices} */
  readonly deviceId: string
}

/**
 * Ends a device for ever: the server answers nothing of it any more and destroys its halves of all the device's signing
 * sets. Confirmed backups stay, so that the wallets can be recovered on another device; a wallet that was on the revoked
 * device alone and has no backup is lost by this, which a device is not allowed to do to itself.
 *
 * The device that asks must be the one that is revoked, or be able to sign for a wallet that this one had. Shares that the
 * revoked device stores are not deleted; without the server's half they sign nothing.
 *
 * @throws {AUTH_FAILED} if this device may not revoke it, or there is none
 * @throws {POLICY_DENIED} if nothing would be left of a wallet of this device
 * @throws {DEVICE_REVOKED} if this device is revoked itself, as when its own revocation is repeated
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED}
 *
 * @example
 * await revokeDevice(client, { deviceId: lostTablet.deviceId })
 */
export async function revokeDevice(client: Client, options: RevokeDeviceParameters): Promise<DeviceStatus> {
  const deviceId = deviceIdArgument(assertObject(options, 'revokeDevice').deviceId)
  return withDeadline(client, options, (deadline) => postRevoke(client, deadline, deviceId))
}
