import { equalBytes } from '../../util/bytes.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { encodeEntry, entryHash, GENESIS } from '../audit/entry.ts'
import { readEntries, type StoredEntry } from '../audit/pages.ts'
import { tables } from '../tables.ts'
import { insertRows } from './client-rows.ts'

const readHead = rowDecoder(pick(tables.reshare_audit_heads, 'sequence', 'hash'))

/** The entries of a client's log. */
export async function readLog(db: Queryable, clientId: string): Promise<readonly StoredEntry[]> {
  const entries: StoredEntry[] = []
  for await (const entry of readEntries(db, { first: clientId, last: clientId })) entries.push(entry)
  return entries
}

/**
 * Adds the entries of a client's log to the log of another database, hashed with its key. Entries that it has already, of a client
 * that was there before, have to be the same.
 *
 * @throws {Error} if they are not
 */
export async function copyLog(
  tx: Queryable,
  key: Uint8Array,
  clientId: string,
  entries: readonly StoredEntry[],
): Promise<void> {
  const known = await readLog(tx, clientId)
  requireSameStart(known, entries)
  let hash = known.length === 0 ? GENESIS : await readHeadHash(tx, clientId, known.length)
  const rows = entries.slice(known.length).map((entry): Row => {
    const { sequence, at, epoch, event, walletId, setId, operationId, detail } = entry
    hash = entryHash(key, hash, entry)
    const ids = { wallet_id: walletId, set_id: setId, operation_id: operationId }
    return { client_id: clientId, sequence, at, epoch, event, ...ids, detail, hash }
  })
  await insertRows(tx, 'reshare_audit', rows)
  await tx.query(
    `insert into reshare_audit_heads (client_id, sequence, hash) values ($1, $2, $3)
     on conflict (client_id) do update set sequence = excluded.sequence, hash = excluded.hash`,
    [clientId, entries.length, hash],
  )
}

/** @throws {Error} if the entries that a target has are not the first ones of the source */
export function requireSameStart(known: readonly StoredEntry[], entries: readonly StoredEntry[]): void {
  known.forEach((entry, i) => requireSame(entry, entries[i]))
}

function requireSame(known: StoredEntry, entry: StoredEntry | undefined): void {
  if (entry !== undefined && equalBytes(encodeEntry(GENESIS, known), encodeEntry(GENESIS, entry))) return
  throw new Error(`entry ${known.sequence} of the client's log at the target is another one at the source`)
}

async function readHeadHash(tx: Queryable, clientId: string, sequence: number): Promise<Uint8Array> {
  const [row] = await tx.query('select sequence, hash from reshare_audit_heads where client_id = $1', [clientId])
  const head = readHead(row)
  if (head.sequence !== sequence) throw new Error("the client's log at the target is not complete")
  return head.hash
}
