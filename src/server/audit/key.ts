import type { SealContext, Sealer } from '../../util/seal.ts'
import { bytes, readColumn } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'

/**
 * The key of the log is generated once and stored sealed by the master key, like a share. A change of the master key
 * reseals it and leaves the entries unchanged, so that entries of any age can be verified without old master keys.
 */
const AUDIT_KEY_CONTEXT: SealContext = { purpose: 'audit key', clientId: '', row: 'audit' }

const SELECT = `select sealed from reshare_audit_key`

/** The sealed key, undefined before the first server has started. */
async function readSealed(db: Queryable): Promise<Uint8Array | undefined> {
  const [row] = await db.query(SELECT)
  return row && readColumn(row, 'sealed', bytes)
}

/**
 * The key of the log; secret.
 *
 * @returns undefined before the first server has started
 * @throws {SHARE_PARSING_FAILED} if no master key opens it
 */
export async function readAuditKey(db: Queryable, sealer: Pick<Sealer, 'open'>): Promise<Uint8Array | undefined> {
  const sealed = await readSealed(db)
  return sealed && sealer.open(AUDIT_KEY_CONTEXT, sealed)
}

/** Stores the key of the log; the caller's transaction has checked that there is none. */
export async function insertAuditKey(tx: Queryable, sealer: Pick<Sealer, 'seal'>, key: Uint8Array): Promise<void> {
  await tx.query('insert into reshare_audit_key (id, sealed) values (1, $1)', [sealer.seal(AUDIT_KEY_CONTEXT, key)])
}

/**
 * Seals the key of the log with the current master key, unless it already is.
 *
 * @param record further work in the transaction; gets the id of the previous master key
 * @returns whether it was resealed
 * @throws {SHARE_PARSING_FAILED} if no master key opens it
 */
export async function resealAuditKey(
  database: Database,
  sealer: Sealer,
  record: (tx: Queryable, before: number) => Promise<void>,
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const sealed = await readSealed(tx)
    if (sealed === undefined || sealed[0] === sealer.keyId) return false
    await tx.query('update reshare_audit_key set sealed = $1', [sealer.reseal(AUDIT_KEY_CONTEXT, sealed)])
    await record(tx, sealed[0] as number)
    return true
  })
}
