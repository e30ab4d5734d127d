import { bytes, nullable, oneOf, text, time } from '../../service/database/rows.ts'
import { BACKUP_METHODS, CURVES } from '../../types.ts'

/** The columns that the custodian's statements read, by table; `schema.ts` creates them. Ordinals are not read. */
export const tables = {
  reshare_custodian_shares: {
    client_id: text,
    share_id: bytes,
    set_id: text,
    backup_method: oneOf(...BACKUP_METHODS),
    sealed: bytes,
    created_at: time,
    exported_at: nullable(time),
  },
  reshare_custodian_ciphertexts: {
    user_id: text,
    backup_method: oneOf(...BACKUP_METHODS),
    client_id: text,
    cipher_text: text,
    updated_at: time,
    set_id: nullable(text),
  },
  reshare_custodian_exports: {
    client_id: text,
    export_id: text,
    set_id: text,
    curve: oneOf(...CURVES),
    receiver: text,
    challenge: bytes,
    proof_hash: nullable(bytes),
    sealed: nullable(bytes),
    expires_at: time,
  },
} as const
