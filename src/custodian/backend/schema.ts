import { ratesTable } from '../../service/rates-table.ts'
import type { Schema } from '../../service/database/types.ts'

/** The custodian's tables. */
export const custodianSchema: Schema = {
  component: 'custodian',
  oldest: 1,
  migrations: [
    [
      // A share is never overwritten: each belongs to a backup set of its own, and goes with it.
      `create table reshare_custodian_shares (
         client_id text not null,
         share_id bytea not null,
         set_id text not null,
         ordinal bigint generated always as identity,
         backup_method text not null check (backup_method in ('PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM')),
         sealed bytea not null,
         created_at timestamptz not null,
         exported_at timestamptz,
         primary key (client_id, share_id)
       )`,
      `create index reshare_custodian_shares_of_set on reshare_custodian_shares (client_id, set_id)`,
      `create table reshare_custodian_ciphertexts (
         ordinal bigint generated always as identity primary key,
         user_id text not null,
         backup_method text not null check (backup_method in ('PASSWORD', 'PASSKEY', 'GDRIVE', 'ICLOUD', 'CUSTOM')),
         client_id text not null,
         cipher_text text not null,
         updated_at timestamptz not null,
         set_id text,
         -- The backup sets that a text may be of: its own where it names one, else all that its client had a share of.
         candidates text[] not null
       )`,
      `create index reshare_custodian_ciphertexts_of_client on reshare_custodian_ciphertexts (client_id)`,
      `create index reshare_custodian_ciphertexts_of_user on reshare_custodian_ciphertexts (user_id, ordinal)`,
      `create unique index reshare_custodian_ciphertexts_of_set
         on reshare_custodian_ciphertexts (user_id, backup_method, set_id)`,
      // A response is kept as it was sent: sealed to the receiver, whose key the custodian never has.
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
      ...ratesTable('reshare_custodian_rates'),
    ],
  ],
}
