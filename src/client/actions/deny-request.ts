import type { Approval } from '../../wire/approvals.ts'
import { approvalIdArgument, assertObject } from '../arguments.ts'
import { withDeadline } from '../deadline.ts'
import { postDeny } from '../operations/api-client.ts'
import type { ActionOptions, Client } from '../types.ts'

export interface DenyRequestParameters extends ActionOptions {
  /** 16 bytes in lower-case hex, from {@link listApprovals} */
  readonly approvalId: string
}

/**
 * Denies a request that waits, also one that was approved and has not gone on yet. This device may cancel its own requests, and
 * deny those for wallets that it can sign for.
 *
 * @throws {AUTH_FAILED} if this device may not deny it, or there is none
 * @throws {POLICY_DENIED} if it has gone on
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | DEVICE_REVOKED}
 *
 * @example
 * await denyRequest(client, { approvalId: approval.approvalId })
 */
export async function denyRequest(client: Client, options: DenyRequestParameters): Promise<Approval> {
  const approvalId = approvalIdArgument(assertObject(options, 'denyRequest').approvalId)
  return withDeadline(client, options, (deadline) => postDeny(client, deadline, approvalId))
}
