import {
  APPROVAL_STATES,
  isTime,
  readRequiredApproval,
  type Approval,
  type ApprovalState,
} from '../../wire/approvals.ts'
import type { DeviceStatus, ListedDevice } from '../../wire/devices.ts'
import type { JoinStatus } from '../../wire/join.ts'
import type { Decision, OperationResult, SetStatus } from '../../wire/operations.ts'
import { isScope } from '../../wire/set-limits.ts'
import type { WalletBackup, WalletPage, WalletStatus } from '../../wire/wallets.ts'
import { isDeviceId, isSetId, isWalletId } from '../../wire/ids.ts'
import { MpcError } from '../../errors.ts'
import { BACKUP_METHODS, type BackupMethodName, type Purpose, type SetState } from '../../types.ts'
import { fromHex, isHex } from '../../util/bytes.ts'
import { isText, LABEL, type TextRule } from '../../util/text.ts'

const STATES: readonly SetState[] = ['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED']
const PURPOSES: readonly Purpose[] = ['signing', 'backup']
/** A label by the rule of labels, as long as any server may allow. */
const ANY_LABEL: TextRule = { ...LABEL, most: 65_536 }

/** The cursor of a page, which goes into a query as it is. */
const CURSOR = /^[\w-]{1,128}$/

type Fields = Readonly<Record<string, unknown>>

/** @throws {MALFORMED_RESPONSE} unless the server's response is a result */
export function parseResult(value: unknown): OperationResult {
  const { setId, state, backupSetId, retired } = fields(value)
  expect(isSetId(setId) && STATES.includes(state as SetState))
  expect(backupSetId === undefined || isSetId(backupSetId))
  expect(retired === undefined || (Array.isArray(retired) && retired.every(isSetId)))
  return value as OperationResult
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a decision */
export function parseDecision(value: unknown): Decision {
  const { decision } = fields(value)
  expect(decision === 'COMMIT' || decision === 'ABORT')
  return { decision: decision as Decision['decision'] }
}

/** @throws {MALFORMED_RESPONSE} unless the header of the server's response is how far a join is */
export function parseJoinStatus(value: unknown): JoinStatus {
  const { round, decision, expiresAt } = fields(value)
  expect(Number.isInteger(round) && (round as number) >= 0 && (round as number) <= 4)
  expect(decision === null || decision === 'COMMIT' || decision === 'ABORT')
  expect(expiresAt === null || isTime(expiresAt))
  return value as JoinStatus
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a set's status */
export function parseSetStatus(value: unknown): SetStatus {
  const set = fields(value)
  expect(isSetId(set['setId']) && isWalletId(set['walletId']))
  expect(PURPOSES.includes(set['purpose'] as Purpose) && STATES.includes(set['state'] as SetState))
  expect(isText(set['label'], ANY_LABEL) && typeof set['proven'] === 'boolean')
  expect(set['backupMethod'] === null || BACKUP_METHODS.includes(set['backupMethod'] as BackupMethodName))
  expect(set['deviceId'] === null || isDeviceId(set['deviceId']))
  expect(isTime(set['createdAt']))
  expect(set['scope'] === null || isScope(set['scope']))
  for (const time of [set['lastUsedAt'], set['exportedAt'], set['expiresAt']]) expect(time === null || isTime(time))
  return value as SetStatus
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a list of sets */
export function parseSets(value: unknown): SetStatus[] {
  const { sets } = fields(value)
  expect(Array.isArray(sets))
  return (sets as unknown[]).map(parseSetStatus)
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a page of wallets */
export function parseWalletPage(value: unknown): WalletPage {
  const { wallets, next } = fields(value)
  expect(Array.isArray(wallets) && (next === null || matches(next, CURSOR)))
  return { wallets: (wallets as unknown[]).map(parseWalletStatus), next: next as string | null }
}

function parseWalletStatus(value: unknown): WalletStatus {
  const wallet = fields(value)
  const { walletId, createdAt, signingSets, backups } = wallet
  const { secp256k1, ed25519 } = fields(wallet['publicKeys'])
  expect(isWalletId(walletId) && isHex(secp256k1, 33) && isHex(ed25519, 32))
  expect(isTime(createdAt))
  for (const time of [wallet['exportedAt'], wallet['importedAt']]) expect(time === null || isTime(time))
  expect(Array.isArray(signingSets) && Array.isArray(backups))
  const sets = (signingSets as unknown[]).map(parseSetStatus)
  expect(sets.every((set) => set.walletId === walletId && set.purpose === 'signing'))
  for (const backup of backups as unknown[]) parseWalletBackup(backup)
  return value as WalletStatus
}

function parseWalletBackup(value: unknown): WalletBackup {
  const { setId, method, createdAt, confirmedAt } = fields(value)
  expect(isSetId(setId) && BACKUP_METHODS.includes(method as BackupMethodName))
  expect(isTime(createdAt) && (confirmedAt === null || isTime(confirmedAt)))
  return value as WalletBackup
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a device's status */
export function parseDevice(value: unknown): DeviceStatus {
  expect(isDeviceId(fields(value)['deviceId']))
  return parseListed(value) as DeviceStatus
}

function parseListed(value: unknown): ListedDevice {
  const device = fields(value)
  const { deviceId, setIds } = device
  expect(isDeviceId(deviceId) || (deviceId === null && device['revokedAt'] === null))
  expect(isText(device['label'], ANY_LABEL))
  expect(isTime(device['createdAt']) && isTime(device['lastUsedAt']))
  expect(device['revokedAt'] === null || isTime(device['revokedAt']))
  expect(Array.isArray(setIds) && setIds.every(isSetId))
  return value as ListedDevice
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a list of devices */
export function parseDevices(value: unknown): ListedDevice[] {
  const { devices } = fields(value)
  expect(Array.isArray(devices))
  return (devices as unknown[]).map(parseListed)
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a request for approval */
export function parseApproval(value: unknown): Approval {
  const approval = fields(value)
  expect(readRequiredApproval(value) !== undefined && APPROVAL_STATES.includes(approval['state'] as ApprovalState))
  expect(typeof approval['action'] === 'string' && typeof approval['mayApprove'] === 'boolean')
  expect(approval['walletId'] === null || isWalletId(approval['walletId']))
  for (const id of [approval['setId'], approval['deviceId']]) expect(id === null || isHex(id, 32))
  expect(isTime(approval['createdAt']))
  for (const time of [approval['approvedAt'], approval['endedAt']]) expect(time === null || isTime(time))
  expect(approval['approvedBy'] === null || isText(approval['approvedBy'], ANY_LABEL))
  fields(approval['details'])
  return value as Approval
}

/** @throws {MALFORMED_RESPONSE} unless the server's response is a list of requests for approval */
export function parseApprovals(value: unknown): Approval[] {
  const { approvals } = fields(value)
  expect(Array.isArray(approvals))
  return (approvals as unknown[]).map(parseApproval)
}

/** @throws {MALFORMED_RESPONSE} unless the response has bytes in hex under this name */
export function parseHexResponse(value: unknown, name: string): Uint8Array {
  const hex = fields(value)[name]
  expect(isHex(hex) && hex !== '')
  return fromHex(hex as string)
}

function fields(value: unknown): Fields {
  expect(typeof value === 'object' && value !== null)
  return value as Fields
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function expect(condition: boolean): void {
  if (!condition) throw unexpectedResponse()
}

/** The error for a response that no reshare server sends. */
export function unexpectedResponse(cause?: unknown): MpcError {
  return new MpcError('MALFORMED_RESPONSE', 'the response is not one of a reshare server', { cause })
}
