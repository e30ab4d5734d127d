import { AWAY, MOVED_STATE } from '../client-moved.ts'

/** How many rows share the locks of all clients. */
const SLOTS = 256

/** The tables whose rows name their client. */
const OF_CLIENT = [
  'reshare_tokens',
  'reshare_wallets',
  'reshare_devices',
  'reshare_sets',
  'reshare_custodian_records',
  'reshare_operations',
  'reshare_responses',
  'reshare_decisions',
  'reshare_sealed_responses',
  'reshare_rates',
  'reshare_reservations',
  'reshare_approvals',
  'reshare_audit_heads',
] as const

/** The tables whose rows name a set of their client. */
const OF_SET = ['reshare_shares', 'reshare_retirements', 'reshare_ot_states', 'reshare_preprocessings'] as const

/**
 * The body of the trigger that refuses writes for a client that is not here, whatever process they come from. A row of the
 * client's slot stays locked until the transaction ends, and whoever moves the client away changes that row first: so a
 * write is either committed before the client leaves, or refused. In a transaction whose snapshot is older than the change,
 * the lock fails, and the transaction starts again.
 *
 * One look is enough for a transaction: while it has the lock, the client stays.
 */
function fence(name: string, client: string): string {
  return `create function ${name}() returns trigger language plpgsql as
    $$ declare
      client text := ${client};
      starts boolean := tg_table_name = 'reshare_operations' and tg_op = 'INSERT';
    begin
      -- A set that the same statement adds has a trigger of its own.
      if client is null or (not starts and current_setting('reshare.client_here', true) = client) then
        return new;
      end if;
      perform 1 from reshare_client_slots where slot = reshare_client_slot(client) for share;
      perform 1 from reshare_client_moves where client_id = client
        and (state in ${AWAY} or (starts and state = 'CLOSING'));
      if found then
        raise exception using errcode = '${MOVED_STATE}', message = 'the client is in another database';
      end if;
      perform set_config('reshare.client_here', client, true);
      return new;
    end $$`
}

/** The tables that are fenced, each with the function of its trigger. */
export const FENCED: readonly (readonly [table: string, refuse: string])[] = [
  ...OF_CLIENT.map((table) => [table, 'reshare_refuse_moved'] as const),
  ...OF_SET.map((table) => [table, 'reshare_refuse_moved_set'] as const),
]

/** The statements that create the tables of moves. The triggers come with a database's first move: see `fence.ts`. */
export const moveTables: readonly string[] = [
  // The clients that have moved, or are moving. One without a row has always been here.
  `create table reshare_client_moves (
     client_id text primary key,
     -- Counts the client's moves, in all databases: the highest one is right.
     number int not null,
     -- At the source CLOSING (no operation starts), LEAVING (nothing is written), GONE (its rows are deleted). At the target
     -- ARRIVING (nothing is there yet) and HERE; CANCELLED, and HERE at the source, if it stays.
     state text not null check (state in ('CLOSING', 'LEAVING', 'GONE', 'ARRIVING', 'HERE', 'CANCELLED')),
     -- The other database.
     peer text not null,
     changed_at timestamptz not null
   )`,
  // Names this database, from its first move on.
  `create table reshare_database (
     id int primary key check (id = 1),
     name text not null
   )`,
  `create table reshare_client_slots (
     slot int primary key,
     moves int not null
   )`,
  `insert into reshare_client_slots (slot, moves) select slot, 0 from generate_series(0, ${SLOTS - 1}) slot`,
  `create function reshare_client_slot(client text) returns int language sql immutable as
     $$ select (hashtextextended(client, 0) & ${SLOTS - 1})::int $$`,
  fence('reshare_refuse_moved', 'new.client_id'),
  fence('reshare_refuse_moved_set', '(select client_id from reshare_sets where set_id = new.set_id)'),
]
