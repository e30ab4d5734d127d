import type { ListedDevice } from '../../wire/devices.ts'
import { assertObject } from '../arguments.ts'
import { getDevices } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

/**
 * Lists the devices of this client that have made share sets over a sealed transport, revoked ones included; a device
 * is identified by its key. The signing sets in use that were made without a device, if any, come last, with `deviceId:
 * null`.
 *
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | DEVICE_REVOKED}
 *
 * @example
 * for (const { deviceId, label, lastUsedAt, revokedAt } of await listDevices(client)) show(deviceId, label, lastUsedAt)
 */
export async function listDevices(client: Client, options: ActionOptions = {}): Promise<ListedDevice[]> {
  assertObject(options, 'listDevices')
  return withDeadline(client, options, (deadline) => getDevices(client, deadline))
}
