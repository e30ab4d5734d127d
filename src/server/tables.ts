import { boolean, bytes, int, nullable, oneOf, text, time } from '../service/database/rows.ts'
import { BACKUP_METHODS, type Purpose, type SetState } from '../types.ts'

/**
 * The columns that the server's statements read, by table; `schema.ts` creates them. Ordinals are not read: they only
 * order rows.
 */
export const tables = {
  reshare_meta: { name: text, number: int },
  reshare_tokens: { token_hash: bytes, client_id: text, created_at: time, revoked_at: nullable(time) },
  reshare_sets: {
    set_id: text,
    client_id: text,
    wallet_id: text,
    operation_id: text,
    purpose: oneOf<Purpose>('signing', 'backup'),
    state: oneOf<SetState>('PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED'),
    label: text,
    backup_method: nullable(oneOf(...BACKUP_METHODS)),
    source_set_id: nullable(text),
    device: nullable(text),
    record: bytes,
    created_at: time,
    committed_at: nullable(time),
    proven_at: nullable(time),
    last_used_at: nullable(time),
    exported_at: nullable(time),
    confirmed_at: nullable(time),
    logged: boolean,
  },
  reshare_shares: { set_id: text, sealed: bytes },
  reshare_retirements: { set_id: text, old_set_id: text, with_backups: boolean },
  reshare_custodian_records: {
    client_id: text,
    set_id: text,
    operation_id: text,
    deletion_pending: boolean,
    tried_at: nullable(time),
    removed_at: nullable(time),
  },
  reshare_ot_states: { set_id: text, sealed: bytes, poisoned: boolean, epoch: int, ban_logged: boolean },
  reshare_preprocessings: {
    set_id: text,
    preprocessing_id: text,
    sealed: bytes,
    epoch: int,
    created_at: time,
    expires_at: time,
  },
  reshare_devices: {
    client_id: text,
    device: text,
    created_at: time,
    last_used_at: time,
    revoked_at: nullable(time),
    revoker: nullable(text),
  },
  reshare_sealed_responses: { client_id: text, request_id: bytes, status: int, body: bytes, expires_at: time },
  reshare_audit_key: { id: int, sealed: bytes },
  reshare_audit_heads: { client_id: text, sequence: int, hash: bytes },
  reshare_audit: {
    client_id: text,
    sequence: int,
    at: time,
    epoch: int,
    event: text,
    wallet_id: text,
    set_id: text,
    operation_id: text,
    detail: text,
    hash: bytes,
  },
} as const
