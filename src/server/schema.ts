import { ratesTable } from '../service/rates-table.ts'
import { eventTables } from './events/tables.ts'
import { moveTables } from './moves/tables.ts'
import type { Schema } from '../service/database/types.ts'

/** The server's tables; docs/internals/signing-server.md#tables says what each row means. */
export const serverSchema: Schema = {
  component: 'server',
  oldest: 1,
  migrations: [
    [
      `create table reshare_meta (
         name text primary key,
         number int not null
       )`,
      `insert into reshare_meta (name, number) values ('epoch', 1)`,
      `create table reshare_tokens (
         token_hash bytea primary key,
         client_id text not null,
         created_at timestamptz not null,
         revoked_at timestamptz
       )`,
      `create table reshare_wallets (
         client_id text not null,
         wallet_id text not null,
         created_at timestamptz not null,
         -- Of a wallet with a key that its client had before.
         imported_at timestamptz,
         primary key (client_id, wallet_id)
       )`,
      `create index reshare_wallets_in_order on reshare_wallets (client_id, created_at, wallet_id)`,
      `create table reshare_devices (
         client_id text not null,
         device text not null,
         created_at timestamptz not null,
         last_used_at timestamptz not null,
         revoked_at timestamptz,
         -- Who has revoked the device, until all that this ends has ended.
         revoker text,
         primary key (client_id, device)
       )`,
      `create index reshare_devices_unfinished on reshare_devices (client_id) where revoker is not null`,
      `create table reshare_sets (
         set_id text primary key,
         -- More than 2^31 sets are made in time, and one that is not kept takes a number, too.
         ordinal bigint generated always as identity,
         client_id text not null,
         wallet_id text not null,
         operation_id text not null,
         purpose text not null check (purpose in ('signing', 'backup')),
         state text not null check (state in ('PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED')),
         label text not null,
         backup_method text check (backup_method in ('PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM')),
         source_set_id text,
         device text,
         record bytea not null,
         created_at timestamptz not null,
         committed_at timestamptz,
         proven_at timestamptz,
         last_used_at timestamptz,
         exported_at timestamptz,
         -- The limits of a signing set: a name for the policy, and when it ends. They never change.
         scope text,
         expires_at timestamptz,
         -- When the app confirmed a backup, also once the set has ended.
         confirmed_at timestamptz
       )`,
      `create index reshare_sets_of_wallet on reshare_sets (client_id, wallet_id, ordinal)`,
      // The sets of a wallet that have ended are many more in time.
      `create index reshare_sets_in_use on reshare_sets (client_id, wallet_id)
         where state not in ('ABORTED', 'DESTROYED')`,
      `create index reshare_sets_exported on reshare_sets (client_id, wallet_id) where exported_at is not null`,
      `create index reshare_sets_of_operation on reshare_sets (client_id, operation_id)`,
      `create index reshare_sets_of_device on reshare_sets (client_id, device) where device is not null`,
      `create index reshare_sets_retiring on reshare_sets (set_id) where state = 'RETIRING'`,
      `create index reshare_sets_expiring on reshare_sets (expires_at) where state = 'ACTIVE' and expires_at is not null`,
      `create function reshare_refuse_other_limits() returns trigger language plpgsql as
         $$ begin raise exception 'the limits of a set never change'; end $$`,
      `create trigger reshare_sets_keep_limits before update of scope, expires_at on reshare_sets
         for each row when (new.scope is distinct from old.scope or new.expires_at is distinct from old.expires_at)
         execute function reshare_refuse_other_limits()`,
      `create table reshare_shares (
         set_id text primary key references reshare_sets (set_id),
         sealed bytea not null
       )`,
      // Invariant I1: a share row is inserted or destroyed, never overwritten, whatever a later version's code does. The one
      // exception: a change of the master key seals the same share again. It takes a transaction that says so, the same row
      // and length, and another key id, so that no code that writes a share by mistake gets through.
      `create function reshare_refuse_overwrite() returns trigger language plpgsql as
         $$ begin
           if current_setting('reshare.resealing', true) = 'on' and new.set_id = old.set_id
             and length(new.sealed) = length(old.sealed) and get_byte(new.sealed, 0) <> get_byte(old.sealed, 0)
           then
             return new;
           end if;
           raise exception 'a share row is never overwritten';
         end $$`,
      `create trigger reshare_shares_insert_only before update on reshare_shares
         for each row execute function reshare_refuse_overwrite()`,
      `create table reshare_retirements (
         set_id text not null references reshare_sets (set_id),
         old_set_id text not null references reshare_sets (set_id),
         with_backups boolean not null,
         primary key (set_id, old_set_id)
       )`,
      `create index reshare_retirements_of_old on reshare_retirements (old_set_id)`,
      `create table reshare_custodian_records (
         client_id text not null,
         set_id text not null,
         operation_id text not null,
         deletion_pending boolean not null,
         tried_at timestamptz,
         -- When the custodian was asked for a deletion that it is asked for again: the share may have come after it.
         removed_at timestamptz,
         primary key (client_id, set_id)
       )`,
      `create index reshare_custodian_records_of_operation on reshare_custodian_records (client_id, operation_id)`,
      `create index reshare_custodian_records_pending on reshare_custodian_records (tried_at) where deletion_pending`,
      `create table reshare_ot_states (
         set_id text primary key references reshare_sets (set_id),
         sealed bytea not null,
         poisoned boolean not null,
         epoch int not null,
         -- A ban is written by itself, and noted in the audit log afterwards.
         ban_logged boolean not null default false
       )`,
      `create index reshare_ot_states_unlogged on reshare_ot_states (set_id) where poisoned and not ban_logged`,
      `create table reshare_preprocessings (
         set_id text not null references reshare_sets (set_id),
         preprocessing_id text not null,
         ordinal bigint generated always as identity,
         sealed bytea not null,
         epoch int not null,
         created_at timestamptz not null,
         expires_at timestamptz not null,
         primary key (set_id, preprocessing_id)
       )`,
      `create index reshare_preprocessings_expiry on reshare_preprocessings (expires_at)`,
      `create table reshare_operations (
         client_id text not null,
         operation_id text not null,
         kind text not null,
         -- Null once the operation is decided. What a client wrote is never parsed by the database: PostgreSQL refuses JSON
         -- that JavaScript reads, such as half of a surrogate pair.
         request text,
         set_id text,
         device text,
         -- The device that sends the even rounds of a join; null: the same one.
         joining_device text,
         round int not null,
         state bytea,
         epoch int not null,
         lease_token bytea,
         lease_hash bytea,
         lease_expires_at timestamptz,
         expires_at timestamptz not null,
         primary key (client_id, operation_id)
       )`,
      `create index reshare_operations_expiry on reshare_operations (expires_at)`,
      `create index reshare_operations_of_set on reshare_operations (set_id)`,
      // Between two rounds, or before the first response: what a client may have a bounded number of, and what a sweep looks
      // through, in this order. By time it would have no use: so small and without a client, it is what every round would be
      // looked up in, whole, and conflict with all others.
      `create index reshare_operations_open on reshare_operations (client_id, operation_id)
         where state is not null or round = 0`,
      `create table reshare_responses (
         client_id text not null,
         operation_id text not null,
         round int not null,
         request_hash bytea not null,
         sealed bytea not null,
         -- What a round of a join leaves for the other device, sealed.
         for_other_device bytea,
         primary key (client_id, operation_id, round)
       )`,
      `create table reshare_decisions (
         client_id text not null,
         operation_id text not null,
         decision text not null check (decision in ('COMMIT', 'ABORT')),
         decided_at timestamptz not null,
         -- What is left of an operation once its row is deleted.
         device text,
         joining_device text,
         primary key (client_id, operation_id)
       )`,
      // Responses to sealed requests that change something: a copy of the request gets the same, for as long as it is fresh.
      `create table reshare_sealed_responses (
         client_id text not null,
         request_id bytea not null,
         status int not null,
         body bytea not null,
         expires_at timestamptz not null,
         primary key (client_id, request_id)
       )`,
      `create index reshare_sealed_responses_expiry on reshare_sealed_responses (expires_at)`,
      ...ratesTable('reshare_rates'),
      // What operations add to counters of the policy; amounts are whole numbers of any size, in decimal.
      `create table reshare_reservations (
         client_id text not null,
         counter text not null,
         operation_id text not null,
         amount text not null,
         ends_at timestamptz not null,
         primary key (client_id, operation_id, counter)
       )`,
      `create index reshare_reservations_counter on reshare_reservations (client_id, counter, ends_at)`,
      `create index reshare_reservations_end on reshare_reservations (ends_at)`,
      // What waits for an approval or a time, and what has become of it.
      `create table reshare_approvals (
         client_id text not null,
         approval_id text not null,
         action text not null,
         wallet_id text,
         set_id text,
         device text,
         -- The device that would be revoked.
         revoked_device text,
         -- The operation that has asked last, or that uses it; null for an action that is no operation.
         operation_id text,
         state text not null check (state in ('OPEN', 'USED', 'DENIED', 'CANCELLED', 'ENDED')),
         approver text check (approver in ('device', 'operator', 'any')),
         created_at timestamptz not null,
         ready_at timestamptz not null,
         expires_at timestamptz not null,
         approved_at timestamptz,
         approved_by text,
         ended_at timestamptz,
         -- Whether the device that has asked was told of its end.
         told boolean not null default false,
         -- What is asked for, sealed.
         sealed bytea not null,
         primary key (client_id, approval_id)
       )`,
      `create index reshare_approvals_expiry on reshare_approvals (expires_at)`,
      `create index reshare_approvals_used on reshare_approvals (client_id, operation_id) where state = 'USED'`,
      `create table reshare_audit_key (
         id int primary key check (id = 1),
         sealed bytea not null
       )`,
      `create table reshare_audit_heads (
         client_id text primary key,
         sequence int not null,
         hash bytea not null
       )`,
      `create table reshare_audit (
         client_id text not null,
         sequence int not null,
         at timestamptz not null,
         epoch int not null,
         event text not null,
         wallet_id text not null,
         set_id text not null,
         operation_id text not null,
         detail text not null,
         hash bytea not null,
         primary key (client_id, sequence)
       )`,
      `create function reshare_refuse_audit_change() returns trigger language plpgsql as
         $$ begin raise exception 'the audit log is only added to'; end $$`,
      ...eventTables,
      `create trigger reshare_audit_append_only before update or delete or truncate on reshare_audit
         for each statement execute function reshare_refuse_audit_change()`,
      `create trigger reshare_audit_heads_kept before delete or truncate on reshare_audit_heads
         for each statement execute function reshare_refuse_audit_change()`,
      `create trigger reshare_audit_heads_forward before update on reshare_audit_heads
         for each row when (new.client_id <> old.client_id or new.sequence < old.sequence)
         execute function reshare_refuse_audit_change()`,
      `create trigger reshare_audit_key_kept before delete or truncate on reshare_audit_key
         for each statement execute function reshare_refuse_audit_change()`,
      `create trigger reshare_audit_key_resealed before update on reshare_audit_key
         for each row when (length(new.sealed) <> length(old.sealed) or get_byte(new.sealed, 0) = get_byte(old.sealed, 0))
         execute function reshare_refuse_audit_change()`,
    ],
    [
      // What waits for an approval, and what has ended since: a sweep would read all others besides. An operator may have
      // made them while servers go on.
      `create index if not exists reshare_approvals_open on reshare_approvals (client_id, set_id) where state = 'OPEN'`,
      `create index if not exists reshare_approvals_ended on reshare_approvals (ended_at) where state <> 'OPEN'`,
    ],
    moveTables,
    // What a client has moves with it, and its tokens are found by their hashes alone otherwise.
    [`create index if not exists reshare_tokens_of_client on reshare_tokens (client_id)`],
    [
      // As how many operations it counts while it is open: a signAll as its signatures.
      `alter table reshare_operations add column counts_as int not null default 1`,
      // How long an amount counts from the time at which it is signed. Null for one of a process without this column.
      `alter table reshare_reservations add column period_ms double precision`,
    ],
  ],
}
