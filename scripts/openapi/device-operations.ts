import * as example from './examples.ts'
import { REPEATABLE, type Operation } from './operation.ts'
import { ref } from './schemas.ts'
import { REFUSED } from './server-errors.ts'

const jsonOf = (name: string, description: string, value: unknown) => ({
  description,
  schema: ref(name),
  example: value,
})

/** The requests about devices and approvals. */
export const DEVICE_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /v1/devices': {
    operationId: 'listDevices',
    tag: 'devices',
    summary: "The client's devices, in the order of their first sets",
    description:
      'Revoked ones too. The signing sets in use that belong to no device come last, as one entry, if there are any.',
    response: jsonOf('DeviceList', 'The devices.', { devices: [example.device, example.unbound] }),
    errors: REFUSED.filter((entry) => entry !== 'BAD_REQUEST'),
  },
  'POST /v1/devices/{deviceId}/revoke': {
    operationId: 'revokeDevice',
    tag: 'devices',
    summary: 'Revoke a device for ever: the server refuses its requests',
    description: REPEATABLE,
    response: jsonOf('DeviceStatus', 'The device after that.', example.revokedDevice),
    errors: [...REFUSED, 'POLICY_DENIED', 'APPROVAL_REQUIRED', 'WEBHOOK_FAILED'],
  },
  'GET /v1/approvals': {
    operationId: 'listApprovals',
    tag: 'approvals',
    summary: 'The requests that wait for an approval or a time',
    description:
      'Those of the device, and those of others for wallets that it can sign for, with those that ended lately: at most 500, first those that are open.',
    response: jsonOf('ApprovalList', 'The requests.', { approvals: [example.approval] }),
    errors: REFUSED.filter((entry) => entry !== 'BAD_REQUEST'),
  },
  'POST /v1/approvals/{approvalId}/approve': {
    operationId: 'approveRequest',
    tag: 'approvals',
    summary: 'Approve a request of another device',
    description: REPEATABLE,
    response: jsonOf('Approval', 'The request after that.', example.approved),
    errors: [...REFUSED, 'POLICY_DENIED'],
  },
  'POST /v1/approvals/{approvalId}/deny': {
    operationId: 'denyRequest',
    tag: 'approvals',
    summary: 'Deny a request of another device, or cancel one',
    description: REPEATABLE,
    response: jsonOf('Approval', 'The request after that.', example.denied),
    errors: [...REFUSED, 'POLICY_DENIED'],
  },
}
