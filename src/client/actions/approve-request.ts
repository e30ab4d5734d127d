import type { Approval } from '../../wire/approvals.ts'
import { approvalIdArgument, assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { postApprove } from '../operations/api-client.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface ApproveRequestParameters extends ActionOptions {
  /** 16 bytes in lower-case hex, from {@link listApprovals} */
  readonly approvalId: string
}

/**
 * Approves a request of another device, which may then repeat it. Call it only after the user has seen on this device what is
 * asked for, and has agreed.
 *
 * A device may approve what another one has asked for, if it has a signing set of the same wallet, and had one before.
 *
 * @throws {AUTH_FAILED} if this device may not approve it, or there is none
 * @throws {POLICY_DENIED} if it was denied or cancelled, or its time is over
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | DEVICE_REVOKED}
 *
 * @example
 * if (await userAgrees(approval.details)) await approveRequest(client, { approvalId: approval.approvalId })
 */
export async function approveRequest(client: Client, options: ApproveRequestParameters): Promise<Approval> {
  const approvalId = approvalIdArgument(assertObject(options, 'approveRequest').approvalId)
  return withDeadline(client, options, (deadline) => postApprove(client, deadline, approvalId))
}
