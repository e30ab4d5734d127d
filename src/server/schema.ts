import type { Schema } from '../service/database/types.ts'

/** The server's tables; docs/internals/signing-server.md#tables says what each row means. */
export const serverSchema: Schema = {
  component: 'server',
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
         primary key (client_id, wallet_id)
       )`,
      `create table reshare_sets (
         set_id text primary key,
         ordinal int generated always as identity,
         client_id text not null,
         wallet_id text not null,
         operation_id text not null,
         purpose text not null check (purpose in ('signing', 'backup')),
         state text not null check (state in ('PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED')),
         label text not null,
         backup_method text,
         source_set_id text,
         record bytea not null,
         created_at timestamptz not null,
         committed_at timestamptz,
         proven_at timestamptz,
         last_used_at timestamptz
       )`,
      `create index reshare_sets_of_wallet on reshare_sets (client_id, wallet_id)`,
      `create index reshare_sets_of_operation on reshare_sets (client_id, operation_id)`,
      `create index reshare_sets_retiring on reshare_sets (set_id) where state = 'RETIRING'`,
      `create table reshare_shares (
         set_id text primary key references reshare_sets (set_id),
         sealed bytea not null
       )`,
      // Invariant I1: a share row is inserted or destroyed, never overwritten, whatever a later version's code does.
      `create function reshare_refuse_overwrite() returns trigger language plpgsql as
         $$ begin raise exception 'a share row is never overwritten'; end $$`,
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
         primary key (client_id, set_id)
       )`,
      `create index reshare_custodian_records_of_operation on reshare_custodian_records (client_id, operation_id)`,
      `create index reshare_custodian_records_pending on reshare_custodian_records (tried_at) where deletion_pending`,
      `create table reshare_operations (
         client_id text not null,
         operation_id text not null,
         request text not null,
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
      `create table reshare_responses (
         client_id text not null,
         operation_id text not null,
         round int not null,
         request_hash bytea not null,
         sealed bytea not null,
         primary key (client_id, operation_id, round)
       )`,
      `create table reshare_decisions (
         client_id text not null,
         operation_id text not null,
         decision text not null check (decision in ('COMMIT', 'ABORT')),
         decided_at timestamptz not null,
         primary key (client_id, operation_id)
       )`,
    ],
    [
      `alter table reshare_sets add column exported_at timestamptz`,
      `alter table reshare_operations add column set_id text`,
      // What a client wrote is never parsed here: PostgreSQL refuses JSON that JavaScript reads, such as a lone surrogate.
      `update reshare_operations
       set set_id = substring(request from '^{"kind":"[A-Za-z]+","walletId":"[0-9a-f]{32}","setId":"([0-9a-f]{64})"')`,
      `create index reshare_operations_of_set on reshare_operations (set_id)`,
      `create table reshare_ot_states (
         set_id text primary key references reshare_sets (set_id),
         sealed bytea not null,
         poisoned boolean not null,
         epoch int not null
       )`,
      `create table reshare_presignatures (
         set_id text not null references reshare_sets (set_id),
         presignature_id text not null,
         ordinal int generated always as identity,
         path text not null,
         sealed bytea not null,
         epoch int not null,
         created_at timestamptz not null,
         expires_at timestamptz not null,
         primary key (set_id, presignature_id)
       )`,
      `create index reshare_presignatures_expiry on reshare_presignatures (expires_at)`,
    ],
    [
      `create table reshare_rates (
         client_id text not null,
         kind text not null,
         count int not null,
         ends_at timestamptz not null,
         primary key (client_id, kind)
       )`,
      `create index reshare_rates_expiry on reshare_rates (ends_at)`,
      // Operations between two rounds, or before the first response: their number per client is limited, and a sweep reads
      // them. An index by time would be used for the lookups of all rounds, because it is small and has no client; a round
      // would then scan all of it, and conflict with every other.
      `create index reshare_operations_open on reshare_operations (client_id) where state is not null or round = 0`,
    ],
    [
      // The one exception to I1: a change of the master key reseals the same share. It takes a transaction that declares it,
      // the same row and length, and another key id, so that code cannot overwrite a share by mistake.
      `create or replace function reshare_refuse_overwrite() returns trigger language plpgsql as
         $$ begin
           if current_setting('reshare.resealing', true) = 'on' and new.set_id = old.set_id
             and length(new.sealed) = length(old.sealed) and get_byte(new.sealed, 0) <> get_byte(old.sealed, 0)
           then
             return new;
           end if;
           raise exception 'a share row is never overwritten';
         end $$`,
    ],
    [
      `create table reshare_devices (
         client_id text not null,
         device text not null,
         created_at timestamptz not null,
         last_used_at timestamptz not null,
         revoked_at timestamptz,
         primary key (client_id, device)
       )`,
      `alter table reshare_sets add column device text`,
      `create index reshare_sets_of_device on reshare_sets (client_id, device) where device is not null`,
      `alter table reshare_operations add column device text`,
      // The decision stays after the operation's row is deleted.
      `alter table reshare_decisions add column device text`,
    ],
    [
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
      // Sets that are older than the log are recorded in it once, by a sweep.
      `alter table reshare_sets add column logged boolean not null default false`,
      `create index reshare_sets_unlogged on reshare_sets (client_id) where not logged`,
      // A ban is written on its own, and recorded in the log afterwards.
      `alter table reshare_ot_states add column ban_logged boolean not null default false`,
      `create index reshare_ot_states_unlogged on reshare_ot_states (set_id) where poisoned and not ban_logged`,
    ],
    [
      // A busy service makes 2^31 presignatures in a year, and rolled-back inserts use numbers too. The sequence changes with
      // the column. Both tables are rewritten (docs/operations.md, Processes).
      `alter table reshare_sets alter column ordinal type bigint`,
      `alter table reshare_presignatures alter column ordinal type bigint`,
    ],
    [
      // The device that revoked this one; null again once the revocation is finished.
      `alter table reshare_devices add column revoker text`,
      `create index reshare_devices_unfinished on reshare_devices (client_id) where revoker is not null`,
    ],
    [
      // Counts per kind and subject: a client, a set or a device. Existing counts, which last for hours, are dropped.
      `drop table reshare_rates`,
      `create table reshare_rates (
         client_id text not null,
         kind text not null,
         subject text not null,
         count int not null,
         started_at timestamptz not null,
         ends_at timestamptz not null,
         primary key (client_id, kind, subject)
       )`,
      `create index reshare_rates_expiry on reshare_rates (ends_at)`,
    ],
    [
      // The kind of an operation; its request is deleted once it is over. Each request starts with its kind. The rest, which
      // the client chose, is never parsed here.
      `alter table reshare_operations
         add column kind text not null default '',
         alter column request drop not null`,
      `update reshare_operations set kind = coalesce(substring(request from '^{"kind" ?: ?"([A-Za-z]+)"'), '')`,
      `update reshare_operations set request = null where request !~ '"walletId"'`,
      `alter table reshare_operations alter column kind drop default`,
      // In the order in which a sweep reads them.
      `drop index reshare_operations_open`,
      `create index reshare_operations_open on reshare_operations (client_id, operation_id)
         where state is not null or round = 0`,
    ],
    [
      // Responses to sealed requests that change something: a copy of the request gets the same response while it is valid.
      `create table reshare_sealed_responses (
         client_id text not null,
         request_id bytea not null,
         status int not null,
         body bytea not null,
         expires_at timestamptz not null,
         primary key (client_id, request_id)
       )`,
      `create index reshare_sealed_responses_expiry on reshare_sealed_responses (expires_at)`,
    ],
    [
      // Whether the app has confirmed a backup, kept after the backup ends. For backups that have ended by now it is unknown.
      `alter table reshare_sets add column confirmed_at timestamptz`,
      `update reshare_sets set confirmed_at = coalesce(committed_at, created_at)
       where purpose = 'backup' and state in ('ACTIVE', 'DESTROYED')`,
    ],
    [
      // A preprocessing can be used for every key of its set. Presignatures for one key only are dropped.
      `drop table reshare_presignatures`,
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
    ],
    [
      // When the custodian first deleted a share that is to be deleted once more, because it may have arrived after that.
      `alter table reshare_custodian_records add column removed_at timestamptz`,
    ],
  ],
}
