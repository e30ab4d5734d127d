import type { DeviceStatus } from '../../wire/devices.ts'
import { deviceIdArgument, assertObject } from '../arguments.ts'
import { postRevoke } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface RevokeDeviceParameters extends ActionOptions {
  /** 32 bytes in lower-case hex, from {@link listDevices} */
  readonly deviceId: string
}

/**
 * Revokes a device permanently: the server refuses all its requests from then on and destroys the server shares of all
 * its signing sets. Confirmed backups stay, so the wallets can be recovered on another device. A wallet that was only
 * on the revoked device and has no backup is lost; a device is not allowed to do that to itself.
 *
 * A device may revoke itself, and any device that has held a set of a wallet that it can sign for. The shares stored on
 * the revoked device are not deleted, but without the server's shares they cannot sign.
 *
 * @throws {AUTH_FAILED} if this device may not revoke it, or it does not exist
 * @throws {POLICY_DENIED} if a wallet of this device would be lost
 * @throws {DEVICE_REVOKED} if this device has been revoked itself, as when it repeats its own revocation
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED}
 *
 * @example
 * await revokeDevice(client, { deviceId: lostTablet.deviceId })
 */
export async function revokeDevice(client: Client, options: RevokeDeviceParameters): Promise<DeviceStatus> {
  const deviceId = deviceIdArgument(assertObject(options, 'revokeDevice').deviceId)
  return withDeadline(client, options, (deadline) => postRevoke(client, deadline, deviceId))
}
