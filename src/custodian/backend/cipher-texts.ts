import { MpcError } from '../../errors.ts'
import { int, pick, readColumn, rowDecoder, text } from '../../service/database/rows.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import type { CipherTextBody, CipherTextQuery } from './requests.ts'
import type { CustodianUser } from '../types.ts'
import type { BackupMethodName } from '../../types.ts'
import { tables } from './tables.ts'

/**
 * The cipherTexts of users' backups. A cipherText never replaces that of another backup: only the signing server knows
 * which backups can still recover, and it deletes the custodian shares of those that cannot. A cipherText is deleted with
 * the last custodian share that it may belong to.
 */
export interface CipherTexts {
  /**
   * Stores a cipherText; durable when it resolves. One that names a backup set is stored once, and repeating it changes
   * nothing. One without a set id becomes the newest again when it is repeated.
   *
   * @throws {SHARE_NOT_FOUND} if it names a backup set of which no custodian share is stored
   * @throws {STORAGE_CONFLICT} if another cipherText is stored for this set
   * @throws {POLICY_DENIED} if too many are stored without a set id
   */
  put(user: CustodianUser, body: CipherTextBody): Promise<void>
  /** The newest matching cipherText of a user. @throws {SHARE_NOT_FOUND} if there is none */
  find(user: CustodianUser, which: CipherTextQuery): Promise<string>
  /** A page of a user's cipherTexts, newest first, without the `skip` newest ones. Empty if there are no more. */
  list(user: CustodianUser, skip: number): Promise<ListedCipherText[]>
}

/** A stored cipherText, as `GET /v1/backups` lists it. */
export interface ListedCipherText {
  /** The backup set that it was stored for; null if it was stored without one. */
  readonly setId: string | null
  readonly backupMethod: BackupMethodName
  readonly cipherText: string
}

/** How many cipherTexts a page has: as many as fit a response if each is as long as it may be. */
const LISTED = 8

const listedText = rowDecoder(pick(tables.reshare_custodian_ciphertexts, 'set_id', 'backup_method', 'cipher_text'))

/** How many of a user's cipherTexts are stored without a set id: none of them is known to be useless. */
const UNNAMED_MAX = 32

export function createCipherTexts(options: {
  readonly database: Database
  /** Whether a custodian share of this backup set is stored. */
  readonly hasShare: (db: Queryable, clientId: string, setId: string) => Promise<boolean>
  readonly now: () => number
}): CipherTexts {
  const { database, hasShare, now } = options

  const assertRoom = async (tx: Queryable, userId: string): Promise<void> => {
    const kept = 'select count(*)::int as kept from reshare_custodian_ciphertexts where user_id = $1 and set_id is null'
    const [row] = await tx.query(kept, [userId])
    if (readColumn(row, 'kept', int) < UNNAMED_MAX) return
    throw new MpcError('POLICY_DENIED', 'too many backups are stored here without a setId: send the setId')
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
      throw new MpcError('SHARE_NOT_FOUND', 'no custodian share of this backup is stored here')
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
    // Serializable: if the share is deleted concurrently, either its cipherText is deleted too, or this finds no share.
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
    async list({ userId, clientId }, skip) {
      const rows = await database.query(
        `select set_id, backup_method, cipher_text from reshare_custodian_ciphertexts
         where user_id = $1 and client_id = $2 order by ordinal desc limit ${LISTED} offset $3`,
        [userId, clientId, skip],
      )
      return rows.map(listedText)
    },
  }
}

/** Deletes the cipherTexts that have no custodian share left, after the shares of `setId` were deleted. */
export async function deleteCipherTextsOf(tx: Queryable, clientId: string, setId: string): Promise<void> {
  await tx.query(
    `delete from reshare_custodian_ciphertexts text where client_id = $1 and $2 = any(candidates) and not exists
       (select 1 from reshare_custodian_shares share
        where share.client_id = text.client_id and share.set_id = any(text.candidates))`,
    [clientId, setId],
  )
}
