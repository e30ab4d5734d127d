import { getGroup } from '../../../curve/index.ts'
import { combineRecords, encodeWalletSetRecord, type WalletShares } from '../../../key-share/index.ts'
import type { BackupMethodName } from '../../../types.ts'
import { toHex } from '../../../util/bytes.ts'
import { bytes, int, nullable, readColumn } from '../../../service/database/rows.ts'
import { runCombined, type Statement } from '../../../service/database/combined.ts'
import type { Queryable } from '../../../service/database/types.ts'
import { limitsDetail, type AuditEvent } from '../../audit/entry.ts'
import { timestamp, type ServerContext } from '../../context.ts'
import { deviceInsertion } from '../../devices/devices-table.ts'
import { setInsertion, UNLIMITED, type StoredLimits } from '../../sets/sets-table.ts'
import { isLimited } from '../../sets/set-checks.ts'
import { sealShare, shareInsertion, shareQuery } from '../../sets/shares.ts'
import { makesWallet, type MakeRequest, type RoundInput } from '../round.ts'

/** New sets as they are stored: the public records and the sealed server share. */
export interface NewSets {
  /** The statements that store them, by name. */
  readonly statements: Readonly<Record<string, Statement>>
  /** The sealed server share; undefined if only the custodian has one. */
  readonly share: Uint8Array | undefined
  /** Those of the signing set. */
  readonly limits: StoredLimits
}

/** The stored new sets. */
export interface StoredSets {
  /** The sealed server share, read back from the database. */
  readonly share: Uint8Array | null
  /** The events for the log. */
  readonly events: readonly AuditEvent[]
  /** How many rows a further statement has returned. */
  readonly count: (name: string) => number
}

/** @param committedAt null unless the sets are committed at once */
export function newSets(
  context: ServerContext,
  input: RoundInput<MakeRequest>,
  sets: readonly WalletShares[],
  committedAt: Date | null,
): NewSets {
  const { request, clientId, operationId } = input
  const device = deviceOf(input)
  const limits = limitsOfNew(request, input.source?.set)
  const createdAt = timestamp(context)
  const statements: Record<string, Statement> = {}
  let share: Uint8Array | undefined
  if (device !== null) statements['device'] = deviceInsertion(clientId, device, createdAt)
  for (const set of sets) {
    const setId = toHex(set.setId)
    const isBackup = set.purpose === 'backup'
    statements[set.purpose] = setInsertion({
      setId,
      clientId,
      walletId: request.walletId,
      operationId,
      purpose: set.purpose,
      label: isBackup || request.kind === 'backup' ? '' : request.label,
      backupMethod: isBackup ? backupMethodOf(request) : null,
      sourceSetId: makesWallet(request) ? null : request.setId,
      device,
      record: encodeWalletSetRecord(getGroup, combineRecords(set.shares.map(({ record }) => record))),
      createdAt,
      committedAt,
      ...(isBackup ? UNLIMITED : limits),
    })
    if (isBackup) continue
    share = sealShare(context, { clientId, setId }, set)
    statements['share'] = shareInsertion(setId, share)
    statements['known_share'] = shareQuery(setId)
  }
  return { statements, share, limits }
}

/**
 * Stores new sets in one statement, which also returns the server share. A repetition changes nothing.
 *
 * @param further statements to run with it
 */
export async function storeNewSets(
  tx: Queryable,
  input: RoundInput<MakeRequest>,
  { statements, share, limits }: NewSets,
  further: Readonly<Record<string, Statement>>,
): Promise<StoredSets> {
  const stored = share && { stored: 'coalesce((select sealed from share), (select sealed from known_share))' }
  const row = await runCombined(tx, { ...further, ...statements }, stored)
  const count = (name: string) => readColumn(row, name, int)
  const { request, operationId } = input
  const device = deviceOf(input)
  const { walletId, kind: detail } = request
  const events: AuditEvent[] = device !== null && count('device') > 0 ? [{ event: 'deviceAdded', detail: device }] : []
  for (const purpose of ['signing', 'backup'] as const) {
    const setId = statements[purpose]?.parameters[0] as string | undefined
    if (setId !== undefined && count(purpose) > 0) {
      events.push({ event: 'prepared', walletId, setId, operationId, detail })
      if (purpose === 'signing' && isLimited(limits)) {
        events.push({ event: 'limited', walletId, setId, operationId, detail: limitsDetail(limits) })
      }
    }
  }
  return { share: share === undefined ? null : readColumn(row, 'stored', nullable(bytes)), events, count }
}

/** The device that the sets are bound to: the caller, or in a join the joining device. */
export function deviceOf({ request, device }: RoundInput<MakeRequest>): string | null {
  return request.kind === 'join' ? request.joiningDeviceId : device
}

/**
 * The limits of the signing set that an operation makes: those that a join or a recovery asks for, and those of the set that
 * a refresh replaces.
 *
 * @param source the set that deals, if there is one
 */
export function limitsOfNew(request: MakeRequest, source: StoredLimits | undefined): StoredLimits {
  if (request.kind === 'refresh') {
    if (source === undefined) throw new TypeError('a refresh has a source')
    return { scope: source.scope, expiresAt: source.expiresAt }
  }
  if (request.kind !== 'recover' && request.kind !== 'join') return UNLIMITED
  const { scope = null, expiresAt } = request
  return { scope, expiresAt: expiresAt === undefined ? null : new Date(expiresAt) }
}

export function backupMethodOf(request: MakeRequest): BackupMethodName {
  if (request.kind === 'backup') return request.backupMethod
  if (request.kind === 'recover' && request.rotateBackup !== null) return request.rotateBackup
  throw new TypeError(`${request.kind} makes no backup set`)
}
