import { MpcError } from '../errors.ts'
import type { Database, Row } from '../server/database/types.ts'
import type { BackupMethodName } from '../types.ts'
import type { CipherTextBody } from './requests.ts'
import type { CustodianUser } from './types.ts'

/** The clients' sealed halves, one per user and backup method: the newest that was put. */
export interface CipherTexts {
  /** Durable when it resolves. */
  put(user: CustodianUser, body: CipherTextBody): Promise<void>
  /** @throws {SHARE_NOT_FOUND} if there is none */
  ofUser(user: CustodianUser, backupMethod: BackupMethodName): Promise<string>
  /** The client's newest, whatever its method. @throws {SHARE_NOT_FOUND} if there is none */
  newest(user: CustodianUser): Promise<string>
}

export function createCipherTexts(options: { readonly database: Database; readonly now: () => number }): CipherTexts {
  const { database, now } = options
  return {
    async put({ userId, clientId }, { backupMethod, cipherText }) {
      const values = [userId, backupMethod, clientId, cipherText, new Date(now())]
      await database.transaction(async (tx) => {
        await tx.query('delete from reshare_custodian_ciphertexts where user_id = $1 and backup_method = $2', [
          userId,
          backupMethod,
        ])
        await tx.query(
          `insert into reshare_custodian_ciphertexts (user_id, backup_method, client_id, cipher_text, updated_at)
           values ($1, $2, $3, $4, $5)`,
          values,
        )
      })
    },
    async ofUser({ userId }, backupMethod) {
      return cipherTextOf(
        await database.query(
          'select cipher_text from reshare_custodian_ciphertexts where user_id = $1 and backup_method = $2',
          [userId, backupMethod],
        ),
      )
    },
    async newest({ userId, clientId }) {
      return cipherTextOf(
        await database.query(
          `select cipher_text from reshare_custodian_ciphertexts where user_id = $1 and client_id = $2
           order by ordinal desc limit 1`,
          [userId, clientId],
        ),
      )
    },
  }
}

function cipherTextOf([row]: readonly Row[]): string {
  if (row === undefined) throw new MpcError('SHARE_NOT_FOUND', 'no backup is stored here')
  return row['cipher_text'] as string
}
