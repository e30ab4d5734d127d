import { bytes, pick, rowDecoder } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import type { Curve } from '../../types.ts'
import { equalBytes } from '../../util/bytes.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import { tables } from './tables.ts'

/** How long a challenge is valid. */
const CHALLENGE_MS = 5 * 60_000

/** An export that was started: its request and its challenge. */
export interface StartedExport {
  readonly setId: string
  readonly curve: Curve
  readonly receiver: string
  readonly challenge: Uint8Array
}

/** An export that has not expired, and whether it still waits for a proof. */
export interface LiveExport extends StartedExport {
  readonly isPending: boolean
}

/** Identifies an export. Clients choose the ids, so an id is unique per client only. */
export interface ExportKey {
  readonly clientId: string
  readonly exportId: string
}

/** The exports in progress: each has one challenge, which one proof uses up. */
export interface ExportRows {
  /** Finds an export that has not expired. */
  find(key: ExportKey): Promise<LiveExport | undefined>
  /**
   * Adds an export unless it exists, and deletes expired ones.
   *
   * @returns the stored export
   */
  add(key: ExportKey, started: StartedExport): Promise<LiveExport | undefined>
  /** Adds an export that was denied and takes no proof, unless one with this id exists. */
  addDenied(key: ExportKey, requested: Omit<StartedExport, 'challenge'>): Promise<void>
  /** Uses up a challenge, by compare-and-set. @returns the export, for the first proof only; undefined for any other */
  useChallenge(key: ExportKey, proofHash: Uint8Array): Promise<StartedExport | undefined>
  /** Stores the response to the proof that used up the challenge. */
  storeResponse(tx: Queryable, key: ExportKey, sealed: Uint8Array): Promise<void>
  /** The response stored for exactly this proof. */
  findResponse(key: ExportKey, proofHash: Uint8Array): Promise<Uint8Array | undefined>
  /** Deletes expired exports. */
  forget(): Promise<void>
}

const KEY = 'client_id = $1 and export_id = $2'
/** In place of a proof's hash: not null, so the export does not wait for a proof. */
const NO_PROOF = new Uint8Array(0)
const KNOWN = `${KEY} and expires_at > $3`

const startedColumns = pick(tables.reshare_custodian_exports, 'set_id', 'curve', 'receiver', 'challenge')
const readStarted = rowDecoder(startedColumns)
const readKnown = rowDecoder({ ...startedColumns, ...pick(tables.reshare_custodian_exports, 'proof_hash') })
/** An export that is answered has a proof. */
const readAnswer = rowDecoder({ proof_hash: bytes, sealed: bytes })

export function createExportRows({
  database,
  now,
}: {
  readonly database: Database
  readonly now: () => number
}): ExportRows {
  const find = async (db: Queryable, { clientId, exportId }: ExportKey): Promise<LiveExport | undefined> => {
    const values = [clientId, exportId, new Date(now())]
    const [row] = await db.query(`select * from reshare_custodian_exports where ${KNOWN}`, values)
    if (row === undefined) return undefined
    const { proofHash, ...started } = readKnown(row)
    return { ...started, isPending: proofHash === null }
  }
  const forgetSome = () =>
    database.query(
      `delete from reshare_custodian_exports where (client_id, export_id) in
         (select client_id, export_id from reshare_custodian_exports where expires_at <= $1 limit ${PAGE})
       returning 1`,
      [new Date(now())],
    )
  /** Deletes an expired export with this id. Others are deleted outside its transaction. */
  const forgetOver = (db: Queryable, { clientId, exportId }: ExportKey) =>
    db.query(`delete from reshare_custodian_exports where ${KEY} and expires_at <= $3`, [
      clientId,
      exportId,
      new Date(now()),
    ])
  const insert = (
    db: Queryable,
    { clientId, exportId }: ExportKey,
    { setId, curve, receiver, challenge }: StartedExport,
    proofHash: Uint8Array | null,
  ) =>
    db.query(
      `insert into reshare_custodian_exports
         (client_id, export_id, set_id, curve, receiver, challenge, expires_at, proof_hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (client_id, export_id) do nothing
       returning 1`,
      [clientId, exportId, setId, curve, receiver, challenge, new Date(now() + CHALLENGE_MS), proofHash],
    )
  return {
    find: (key) => find(database, key),
    async add(key, started) {
      await forgetSome()
      return database.transaction(async (tx) => {
        await forgetOver(tx, key)
        await insert(tx, key, started, null)
        return find(tx, key)
      })
    },
    async addDenied(key, requested) {
      await forgetOver(database, key)
      await insert(database, key, { ...requested, challenge: new Uint8Array(0) }, NO_PROOF)
    },
    async useChallenge({ clientId, exportId }, proofHash) {
      const [row] = await database.query(
        `update reshare_custodian_exports set proof_hash = $4 where ${KNOWN} and proof_hash is null returning *`,
        [clientId, exportId, new Date(now()), proofHash],
      )
      return row && readStarted(row)
    },
    async storeResponse(tx, { clientId, exportId }, sealed) {
      await tx.query(`update reshare_custodian_exports set sealed = $3 where ${KEY}`, [clientId, exportId, sealed])
    },
    async findResponse({ clientId, exportId }, proofHash) {
      const [row] = await database.query(
        `select proof_hash, sealed from reshare_custodian_exports
         where ${KNOWN} and sealed is not null`,
        [clientId, exportId, new Date(now())],
      )
      if (row === undefined) return undefined
      const answered = readAnswer(row)
      return equalBytes(answered.proofHash, proofHash) ? answered.sealed : undefined
    },
    forget: () => inPages(forgetSome),
  }
}
