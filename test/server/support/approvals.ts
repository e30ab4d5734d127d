import type { Approval } from '../../../src/wire/approvals.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { PolicyConditions } from '../../../src/server/index.ts'
import type { Policy } from '../../../src/server/access/policy.ts'
import { getJson, parseJson, postJson, type Answer, type ServerClient } from '../../support/server-client.ts'

export const listApprovals = async (client: ServerClient) =>
  (await getJson<{ approvals: Approval[] }>(client, paths.approvals)).approvals

export const approve = (client: ServerClient, approvalId: string) =>
  postJson<Approval>(client, paths.approve(approvalId))

export const deny = (client: ServerClient, approvalId: string) => postJson<Approval>(client, paths.deny(approvalId))

/** The id in a response with APPROVAL_REQUIRED. */
export function requiredIn(answer: Answer): string {
  const { error } = parseJson(answer.body) as { error: { id: string; approval?: { approvalId: string } } }
  if (error.id !== 'APPROVAL_REQUIRED' || error.approval === undefined) throw new Error(`the response is ${error.id}`)
  return error.approval.approvalId
}

/** A policy that allows these actions on conditions, and all others without. */
export function onConditions(conditions: PolicyConditions, ...actions: readonly string[]): { readonly policy: Policy } {
  return { policy: ({ action }) => (actions.includes(action) ? conditions : true) }
}
