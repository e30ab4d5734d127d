import { int, oneOf, readColumn, rowDecoder, text } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { SERVER_CHAIN } from '../audit/entry.ts'
import { timestamp, type ServerContext } from '../context.ts'

/** What a database knows of a client's last move; `tables.ts` says what each state means. */
export type MoveState = 'CLOSING' | 'LEAVING' | 'GONE' | 'ARRIVING' | 'HERE' | 'CANCELLED'

/** One move of a client, which the rows of both databases name in the same way. */
export interface Move {
  readonly clientId: string
  /** From 1: how often the client has been moved. */
  readonly number: number
}

const moveColumns = {
  client_id: text,
  number: int,
  state: oneOf<MoveState>('CLOSING', 'LEAVING', 'GONE', 'ARRIVING', 'HERE', 'CANCELLED'),
  peer: text,
}

const readMove = rowDecoder(moveColumns)

/** A row of `reshare_client_moves`. */
export type MoveRow = ReturnType<typeof readMove>

/** The last move of a client; undefined if it was never moved to or from this database. */
export async function findMove(db: Queryable, clientId: string): Promise<MoveRow | undefined> {
  const rows = await db.query('select client_id, number, state, peer from reshare_client_moves where client_id = $1', [
    clientId,
  ])
  return rows.map(readMove)[0]
}

/**
 * Waits for every transaction that writes for a client, and keeps others out until this one ends. Call it first in the
 * transaction that changes whether the client may be written for.
 */
export async function lockSlot(tx: Queryable, clientId: string): Promise<void> {
  await tx.query('update reshare_client_slots set moves = moves + 1 where slot = reshare_client_slot($1)', [clientId])
}

/** Adds the first state of a move, in place of the last one of an earlier move. */
export async function beginMove(
  context: Pick<ServerContext, 'now'>,
  tx: Queryable,
  { clientId, number, state, peer }: MoveRow,
): Promise<void> {
  await tx.query(
    `insert into reshare_client_moves (client_id, number, state, peer, changed_at) values ($1, $2, $3, $4, $5)
     on conflict (client_id) do update set number = excluded.number, state = excluded.state, peer = excluded.peer,
       changed_at = excluded.changed_at`,
    [clientId, number, state, peer, timestamp(context)],
  )
}

/** Takes a move from one of some states to the next one. @returns whether it was in one of them */
export async function changeMove(
  context: Pick<ServerContext, 'now'>,
  tx: Queryable,
  { clientId, number }: Move,
  { from, to }: { readonly from: readonly MoveState[]; readonly to: MoveState },
): Promise<boolean> {
  const changed = await tx.query(
    `update reshare_client_moves set state = $4, changed_at = $5
     where client_id = $1 and number = $2 and state = any(string_to_array($3, ',')) returning 1`,
    [clientId, number, from.join(), to, timestamp(context)],
  )
  return changed.length > 0
}

/**
 * The name of a database: it comes from the first entry of its log, so that a copy has the same name, also one from before the
 * first move.
 *
 * @throws {Error} before the first server has started
 */
export async function databaseName(database: Database): Promise<string> {
  await database.query(
    `insert into reshare_database (id, name)
     select 1, left(encode(hash, 'hex'), 32) from reshare_audit where client_id = $1 and sequence = 1
     on conflict (id) do nothing`,
    [SERVER_CHAIN],
  )
  const [row] = await database.query('select name from reshare_database where id = 1')
  if (row === undefined) throw new Error('the database has no audit log yet: start its server once')
  return readColumn(row, 'name', text)
}
