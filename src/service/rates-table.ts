/** A table of counts. */
export type RatesTable = 'reshare_rates' | 'reshare_custodian_rates'

/** The statements that create a table of counts, for `rate-counts.ts`. */
export function ratesTable(table: RatesTable): readonly string[] {
  return [
    `create table ${table} (
       client_id text not null,
       kind text not null,
       -- What is counted: the client itself, or one of its sets or devices.
       subject text not null,
       count int not null,
       started_at timestamptz not null,
       ends_at timestamptz not null,
       primary key (client_id, kind, subject)
     )`,
    `create index ${table}_expiry on ${table} (ends_at)`,
  ]
}
