// @ts-check
// The tables that are filled.

/** In the order in which a client's rows come to be; the audit log is written apart from them. */
export const TABLES = [
  ...['reshare_tokens', 'reshare_wallets', 'reshare_devices', 'reshare_sets', 'reshare_shares', 'reshare_ot_states'],
  ...['reshare_custodian_records', 'reshare_decisions'],
]
/** Columns with ids, each of which is another one in a copy. */
export const IDS = new Set([
  ...['client_id', 'wallet_id', 'set_id', 'source_set_id', 'operation_id', 'device', 'joining_device'],
])

export const FILLED = [...TABLES, 'reshare_audit', 'reshare_audit_heads']
