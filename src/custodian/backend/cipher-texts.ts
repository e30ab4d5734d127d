import { MpcError } from '../../errors.ts'
import { int, readColumn, text } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import type { CipherTextBody, CipherTextQuery } from './requests.ts'
import type { CustodianUser } from '../types.ts'

/**
 * The clients' sealed halves. None takes the place of another backup's: which backup still recovers is the signing
 * server's to say, and it says so by having a half removed. A text goes with the last half that it may belong to.
 */
export interface CipherTexts {
  /**
   * Durable when it resolves. A text of a backup set is kept once, and the same again changes nothing; one of no set in
   * particular becomes the newest again.
   *
   * @throws {SHARE_NOT_FOUND} if it is for a backup set that the client has no half of
   * @throws {STORAGE_CONFLICT} if another text of this set is there
   * @throws {POLICY_DENIED} if too many are kept for no set in particular
   */
  put(user: CustodianUser, body: CipherTextBody): Promise<void>
  /** The newest of a user that fits. @throws {SHARE_NOT_FOUND} if there is none */
  find(user: CustodianUser, which: CipherTextQuery): Promise<string>
}

/** How many of a user's texts are kept without the name of a set: none of them is known to be of no use. */
const UNNAMED_MAX = 32

export function createCipherTexts(options: {
  readonly database: Database
  /** Whether the custodian has a half of this backup set. */
  readonly hasShare: (db: Queryable, clientId: string, setId: string) => Promise<boolean>
  readonly now: () => number
}): CipherTexts {
  const { database, hasShare, now } = options

  const assertRoom = async (tx: Queryable, userId: string): Promise<void> => {
    const kept = 'select count(*)::int as kept from reshare_custodian_ciphertexts where user_id = $1 and set_id is null'
    const [row] = await tx.query(kept, [userId])
    if (readColumn(row, 'kept', int) < UNNAMED_MAX) return
    throw new MpcError('POLICY_DENIED', 'too many backups are stored here without their setId: give it')
  }

  const insert = (
    tx: Queryable,
    { userId, clientId }: CustodianUser,
    { backupMethod, cipherText, setId }: CipherTextBody,
  ) =>
    tx.query(
      `insert into reshare_custodian_ciphertexts
         (user_id, backup_method, client_id, cipher_text, updated_at, set_id, candidates)
       values ($1, $2, $3, $4, $5, $6, case when $6::text is not null then array[$6::text] else
         array(select distinct set_id from reshare_custodian_shares where client_id = $3) end)
       on conflict (user_id, backup_method, set_id) do nothing returning 1`,
      [userId, backupMethod, clientId, cipherText, new Date(now()), setId ?? null],
    )

  const putNamed = async (tx: Queryable, user: CustodianUser, body: CipherTextBody, setId: string): Promise<void> => {
    if (!(await hasShare(tx, user.clientId, setId))) {
      throw new MpcError('SHARE_NOT_FOUND', 'no half of this backup is stored here')
    }
    if ((await insert(tx, user, body)).length > 0) return
    const [known] = await tx.query(
      `select cipher_text from reshare_custodian_ciphertexts where user_id = $1 and backup_method = $2 and set_id = $3`,
      [user.userId, body.backupMethod, setId],
    )
    if (known?.['cipher_text'] === body.cipherText) return
    throw new MpcError('STORAGE_CONFLICT', 'another cipherText of this backup is stored here', { retryable: false })
  }

  const putUnnamed = async (tx: Queryable, user: CustodianUser, body: CipherTextBody): Promise<void> => {
    await tx.query(
      `delete from reshare_custodian_ciphertexts
       where user_id = $1 and backup_method = $2 and set_id is null and cipher_text = $3`,
      [user.userId, body.backupMethod, body.cipherText],
    )
    await assertRoom(tx, user.userId)
    await insert(tx, user, body)
  }

  return {
    // Serializable: a half that is removed meanwhile takes its text with it, or there is no half for it any more.
    put: (user, body) =>
      database.transaction((tx) =>
        body.setId === undefined ? putUnnamed(tx, user, body) : putNamed(tx, user, body, body.setId),
      ),
    async find({ userId, clientId }, { backupMethod = null, setId = null, skip }) {
      const [row] = await database.query(
        `select cipher_text from reshare_custodian_ciphertexts
         where user_id = $1 and ($2::text is null and client_id = $3 or backup_method = $2)
           and ($4::text is null or $4 = any(candidates))
         order by ($4::text is not null and set_id is not null) desc, ordinal desc limit 1 offset $5`,
        [userId, backupMethod, clientId, setId, skip],
      )
      if (row === undefined) throw new MpcError('SHARE_NOT_FOUND', 'no backup is stored here')
      return readColumn(row, 'cipher_text', text)
    },
  }
}

/** Removes the texts that no half is left for, once those of `setId` are gone. */
export async function deleteCipherTextsOf(tx: Queryable, clientId: string, setId: string): Promise<void> {
  await tx.query(
    `delete from reshare_custodian_ciphertexts text where client_id = $1 and $2 = any(candidates) and not exists
       (select 1 from reshare_custodian_shares half
        where half.client_id = text.client_id and half.set_id = any(text.candidates))`,
    [clientId, setId],
  )
}
