import type { Approval } from '../../src/wire/approvals.ts'
import type { DeviceStatus, UnboundSets } from '../../src/wire/devices.ts'
import type { SetStatus } from '../../src/wire/operations.ts'
import type { WalletPage } from '../../src/wire/wallets.ts'

// Values that recur in the examples of the documents.

export const WALLET_ID = '0b'.repeat(16)
export const SET_ID = '5e'.repeat(32)
export const BACKUP_SET_ID = 'b5'.repeat(32)
export const DEVICE_ID = 'd0'.repeat(32)
export const APPROVAL_ID = 'a9'.repeat(16)
export const OPENING_PROOF = 'ab'.repeat(65)
export const DIGEST = '5d'.repeat(32)
export const RECEIVER = `09${'00'.repeat(31)}`

export const PUBLIC_KEYS = {
  secp256k1: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  ed25519: `58${'66'.repeat(31)}`,
}

const CREATED_AT = '2026-01-01T00:00:00.000Z'
const USED_AT = '2026-01-02T00:00:00.000Z'

export const signingSet: SetStatus = {
  setId: SET_ID,
  walletId: WALLET_ID,
  purpose: 'signing',
  state: 'ACTIVE',
  label: 'phone',
  backupMethod: null,
  deviceId: DEVICE_ID,
  createdAt: CREATED_AT,
  lastUsedAt: USED_AT,
  exportedAt: null,
  scope: null,
  expiresAt: null,
  proven: true,
}

export const retiredSet: SetStatus = { ...signingSet, state: 'DESTROYED' }

export const backupSet: SetStatus = {
  ...signingSet,
  setId: BACKUP_SET_ID,
  purpose: 'backup',
  label: '',
  backupMethod: 'PASSWORD',
  lastUsedAt: null,
  proven: false,
}

export const device: DeviceStatus = {
  deviceId: DEVICE_ID,
  label: 'phone',
  createdAt: CREATED_AT,
  lastUsedAt: USED_AT,
  revokedAt: null,
  setIds: [SET_ID],
}

export const approval: Approval = {
  approvalId: APPROVAL_ID,
  approver: 'any',
  readyAt: null,
  expiresAt: '2026-01-03T00:00:00.000Z',
  reason: 'more than 1 ETH',
  state: 'WAITING',
  action: 'sign',
  walletId: WALLET_ID,
  setId: SET_ID,
  deviceId: DEVICE_ID,
  createdAt: USED_AT,
  approvedAt: null,
  approvedBy: null,
  endedAt: null,
  mayApprove: true,
  details: {
    scheme: 'ecdsa',
    path: 'm',
    message: DIGEST,
    hash: null,
    digest: DIGEST,
    intent: { kind: 'raw', verified: false },
  },
}

export const approved: Approval = {
  ...approval,
  state: 'READY',
  approvedAt: USED_AT,
  approvedBy: 'd1'.repeat(32),
  mayApprove: false,
}

export const denied: Approval = { ...approval, state: 'DENIED', endedAt: USED_AT, mayApprove: false }

export const revokedDevice: DeviceStatus = { ...device, revokedAt: '2026-01-03T00:00:00.000Z', setIds: [] }

export const unbound: UnboundSets = { ...device, deviceId: null, revokedAt: null }

export const walletPage: WalletPage = {
  wallets: [
    {
      walletId: WALLET_ID,
      publicKeys: PUBLIC_KEYS,
      createdAt: CREATED_AT,
      exportedAt: null,
      importedAt: null,
      signingSets: [signingSet],
      backups: [{ setId: BACKUP_SET_ID, method: 'PASSWORD', createdAt: CREATED_AT, confirmedAt: null }],
    },
  ],
  next: null,
}
