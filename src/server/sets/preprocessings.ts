import { MpcError } from '../../errors.ts'
import { getEcdsaBackend, Preprocessed } from '../../protocol/ecdsa/index.ts'
import { toHex, wipe } from '../../util/bytes.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import { timestamp, type ServerContext } from '../context.ts'
import { pick, rowDecoder } from '../../service/database/rows.ts'
import type { Statement } from '../../service/database/combined.ts'
import type { Queryable, Row } from '../../service/database/types.ts'
import { tables } from '../tables.ts'
import { EPOCH } from '../epoch.ts'

/** Identifies a preprocessing of a client's set; its id is lower-case hex. */
export interface PreprocessingKey {
  readonly clientId: string
  readonly setId: string
  readonly id: string
}

/** Names preprocessings of one set; ids are lower-case hex, each once. */
export interface PreprocessingKeys extends Omit<PreprocessingKey, 'id'> {
  readonly ids: readonly string[]
}

/** A preprocessing that was deleted from the database to be used, still sealed. */
export interface TakenPreprocessing extends PreprocessingKey {
  readonly sealed: Uint8Array
  readonly epoch: number
}

const preprocessingContext = ({ clientId, setId, id }: PreprocessingKey, epoch: number) =>
  ({ purpose: 'preprocessing', clientId, row: `${setId}/${id}/${epoch}` }) as const

/** Stores a preprocessing, and deletes the set's oldest ones beyond the limit. */
export async function insertPreprocessing(
  context: ServerContext,
  tx: Queryable,
  { clientId, setId }: Omit<PreprocessingKey, 'id'>,
  preprocessed: Preprocessed,
): Promise<void> {
  const { epoch } = preprocessed
  const id = toHex(preprocessed.id)
  const encoded = preprocessed.encode()
  const sealed = context.sealer.seal(preprocessingContext({ clientId, setId, id }, epoch), encoded)
  wipe(encoded)
  await tx.query(
    `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [setId, id, sealed, epoch, timestamp(context), timestamp(context, context.limits.preprocessingMs)],
  )
  await tx.query(
    `delete from reshare_preprocessings where set_id = $1 and ordinal in
       (select ordinal from reshare_preprocessings where set_id = $1 order by ordinal desc offset $2)`,
    [setId, context.limits.preprocessings],
  )
}

/**
 * Deletes preprocessings and returns them, all or none: one in one statement, several in a transaction, which is durable when
 * this returns. Exactly one process gets them; after a crash, none does.
 *
 * @param epoch the epoch of the operation
 * @returns them in the order of their ids in the key
 * @throws {PREPROCESSING_NOT_FOUND} if one is missing: it was never made, was used, dropped or has expired, or is from before
 *   the database was restored. Retrying does not help: the client signs without them
 */
export async function takePreprocessings(
  context: ServerContext,
  key: PreprocessingKeys,
  epoch: number,
): Promise<readonly TakenPreprocessing[]> {
  const take = async (tx: Queryable) => {
    const rows = await tx.query(
      `delete from reshare_preprocessings
       where set_id = $1 and preprocessing_id = any(string_to_array($2, ',')) and expires_at > $3 and epoch = $4
         and epoch = ${EPOCH}
       returning preprocessing_id, sealed`,
      [key.setId, key.ids.join(), timestamp(context), epoch],
    )
    return takenFrom(rows, key, epoch)
  }
  return key.ids.length === 1 ? take(context.database) : context.database.transaction(take, 'read committed')
}

const readTaken = rowDecoder(pick(tables.reshare_preprocessings, 'preprocessing_id', 'sealed'))

/** The preprocessings of deleted rows. @throws {PREPROCESSING_NOT_FOUND} if one is missing; the caller rolls back */
export function takenFrom(
  rows: readonly Row[],
  { ids, ...set }: PreprocessingKeys,
  epoch: number,
): readonly TakenPreprocessing[] {
  const deleted = rows.map(readTaken)
  return ids.map((id) => {
    const row = deleted.find(({ preprocessingId }) => preprocessingId === id)
    if (row === undefined) throw preprocessingNotFound()
    return { ...set, id, sealed: row.sealed, epoch }
  })
}

export function preprocessingNotFound(): MpcError {
  return new MpcError('PREPROCESSING_NOT_FOUND', 'the server has no such preprocessing')
}

/** Opens a taken preprocessing. It must be used for one request only, whose response is then the same every time. */
export function openPreprocessing({ sealer }: Pick<ServerContext, 'sealer'>, taken: TakenPreprocessing): Preprocessed {
  const encoded = sealer.open(preprocessingContext(taken, taken.epoch), taken.sealed)
  try {
    return Preprocessed.decode(getEcdsaBackend(), encoded)
  } finally {
    wipe(encoded)
  }
}

export async function deletePreprocessings(tx: Queryable, setId: string): Promise<void> {
  await tx.query('delete from reshare_preprocessings where set_id = $1', [setId])
}

/** Deletes the preprocessings of all sets of a wallet. Returns a row for each. */
export function preprocessingsDeletion(clientId: string, walletId: string): Statement {
  return {
    sql: `delete from reshare_preprocessings where set_id in
        (select set_id from reshare_sets where client_id = $1 and wallet_id = $2)
      returning 1`,
    parameters: [clientId, walletId],
  }
}

/** Deletes preprocessings that are expired. Those of an earlier epoch, which are refused, were deleted with its end. */
export async function forgetPreprocessings(context: ServerContext): Promise<void> {
  await inPages(() =>
    context.database.query(
      `delete from reshare_preprocessings where (set_id, preprocessing_id) in
         (select set_id, preprocessing_id from reshare_preprocessings where expires_at <= $1 limit ${PAGE})
       returning 1`,
      [timestamp(context)],
    ),
  )
}
