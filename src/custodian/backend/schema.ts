import type { Schema } from '../../service/database/types.ts'

/** The custodian's tables. */
export const custodianSchema: Schema = {
  component: 'custodian',
  migrations: [
    [
      // A share is never overwritten: each belongs to one backup set, and is deleted with it.
      `create table reshare_custodian_shares (
         client_id text not null,
         share_id bytea not null,
         set_id text not null,
         ordinal int generated always as identity,
         backup_method text not null,
         sealed bytea not null,
         created_at timestamptz not null,
         primary key (client_id, share_id)
       )`,
      `create index reshare_custodian_shares_of_set on reshare_custodian_shares (client_id, set_id)`,
      `create table reshare_custodian_ciphertexts (
         user_id text not null,
         backup_method text not null,
         client_id text not null,
         cipher_text text not null,
         updated_at timestamptz not null,
         ordinal int generated always as identity,
         primary key (user_id, backup_method)
       )`,
      `create index reshare_custodian_ciphertexts_of_client on reshare_custodian_ciphertexts (client_id)`,
    ],
    [
      `alter table reshare_custodian_shares add column exported_at timestamptz`,
      // A response is stored as it was sent: sealed to the receiver, whose key the custodian never has.
      `create table reshare_custodian_exports (
         client_id text not null,
         export_id text not null,
         set_id text not null,
         curve text not null,
         receiver text not null,
         challenge bytea not null,
         proof_hash bytea,
         sealed bytea,
         expires_at timestamptz not null,
         primary key (client_id, export_id)
       )`,
      `create index reshare_custodian_exports_expiry on reshare_custodian_exports (expires_at)`,
    ],
    [
      `create table reshare_custodian_rates (
         client_id text not null,
         kind text not null,
         count int not null,
         ends_at timestamptz not null,
         primary key (client_id, kind)
       )`,
      `create index reshare_custodian_rates_expiry on reshare_custodian_rates (ends_at)`,
    ],
    [
      `alter table reshare_custodian_shares alter column ordinal type bigint`,
      // The backup sets that a cipherText may belong to: the one that it names, else all of its client at that time.
      `alter table reshare_custodian_ciphertexts
         drop constraint reshare_custodian_ciphertexts_pkey,
         alter column ordinal type bigint,
         add primary key (ordinal),
         add column set_id text,
         add column candidates text[] not null default '{}'`,
      `create unique index reshare_custodian_ciphertexts_of_set
         on reshare_custodian_ciphertexts (user_id, backup_method, set_id)`,
      `update reshare_custodian_ciphertexts text set candidates =
         array(select distinct share.set_id from reshare_custodian_shares share where share.client_id = text.client_id)`,
    ],
    [
      // Counts per kind and subject: a client, a set or a device. Existing counts, which last for hours, are dropped.
      `drop table reshare_custodian_rates`,
      `create table reshare_custodian_rates (
         client_id text not null,
         kind text not null,
         subject text not null,
         count int not null,
         started_at timestamptz not null,
         ends_at timestamptz not null,
         primary key (client_id, kind, subject)
       )`,
      `create index reshare_custodian_rates_expiry on reshare_custodian_rates (ends_at)`,
    ],
  ],
}
