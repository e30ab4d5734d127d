import type { ListedDevice } from '../../wire/devices.ts'
import { assertObject } from '../arguments.ts'
import { getDevices } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import type { ActionOptions, Client } from '../types.ts'

/**
 * Lists the devices of this client that have made share sets over a sealed transport, each by its own key; revoked ones too.
 * Last, with `deviceId: null`, the signing sets in use that were made without one, if there are any.
 *
 * @throws {NETWORK_ERROR | TIMEOUT | ABORTED | AUTH_FAILED | DEVICE_REVOKED}
 *
 * @example
 * for (const { deviceId, label, lastUsedAt, revokedAt } of await listDevices(client)) show(deviceId, label, lastUsedAt)
 */
export async function listDevices(client: Client, options: ActionOptions = {}): Promise<ListedDevice[]> {
  assertObject(options, 'listDevices')
  return withDeadline(client, options, (deadline) => getDevices(client, deadline))
}
