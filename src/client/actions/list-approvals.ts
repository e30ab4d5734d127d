import type { Approval } from '../../wire/approvals.ts'
import { assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { getApprovals } from '../operations/api-client.ts'
import type { ActionOptions, Client } from '../types.ts'

/**
 * Lists the requests that the server's policy has allowed on conditions: those of this device, and those of other devices for
 * wallets that this device can sign for. The newest 200, with those that ended within the last hour.
 *
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED | DEVICE_REVOKED}
 *
 * @example
 * for (const { approvalId, action, details, mayApprove } of await listApprovals(client)) show(approvalId, action, details)
 */
export async function listApprovals(client: Client, options: ActionOptions = {}): Promise<Approval[]> {
  assertObject(options, 'listApprovals')
  return withDeadline(client, options, (deadline) => getApprovals(client, deadline))
}
