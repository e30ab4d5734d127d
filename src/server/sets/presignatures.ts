import { getGroup } from '../../curve/index.ts'
import { MpcError } from '../../errors.ts'
import { Presignature } from '../../protocol/ecdsa/index.ts'
import { toHex, wipe } from '../../util/bytes.ts'
import { inPages, PAGE } from '../../util/pages.ts'
import { timestamp, type ServerContext } from '../context.ts'
import type { Queryable } from '../database/types.ts'
import { INCARNATION } from '../incarnation.ts'

/** Names one presignature of a client's set; its id is lower-case hex. */
export interface PresignatureKey {
  readonly clientId: string
  readonly setId: string
  readonly id: string
}

const place = ({ clientId, setId, id }: PresignatureKey, incarnation: number) =>
  ({ purpose: 'presignature', clientId, row: `${setId}/${id}/${incarnation}` }) as const

/** Keeps a presignature for the key at a path, and lets go of the set's oldest ones above the limit. */
export async function insertPresignature(
  context: ServerContext,
  tx: Queryable,
  { clientId, setId }: Omit<PresignatureKey, 'id'>,
  path: string,
  presignature: Presignature,
): Promise<void> {
  const { incarnation } = presignature
  const id = toHex(presignature.id)
  const encoded = presignature.encode()
  const sealed = context.sealer.seal(place({ clientId, setId, id }, incarnation), encoded)
  wipe(encoded)
  await tx.query(
    `insert into reshare_presignatures (set_id, presignature_id, path, sealed, incarnation, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [setId, id, path, sealed, incarnation, timestamp(context), timestamp(context, context.limits.presignatureMs)],
  )
  await tx.query(
    `delete from reshare_presignatures where set_id = $1 and ordinal in
       (select ordinal from reshare_presignatures where set_id = $1 order by ordinal desc offset $2)`,
    [setId, context.limits.presignatures],
  )
}

/**
 * Takes a presignature out of the database for good. What is computed with it leaves only if this transaction commits.
 *
 * @throws {STORAGE_CONFLICT} if there is none for this path: never made, used, dropped, expired, or from before the
 *   database was restored. Not to be tried again: the client signs the long way
 */
export async function takePresignature(
  context: ServerContext,
  tx: Queryable,
  key: PresignatureKey,
  path: string,
): Promise<Presignature> {
  const [row] = await tx.query(
    `delete from reshare_presignatures
     where set_id = $1 and presignature_id = $2 and path = $3 and expires_at > $4 and incarnation = ${INCARNATION}
     returning sealed, incarnation`,
    [key.setId, key.id, path, timestamp(context)],
  )
  if (row === undefined) {
    throw new MpcError('STORAGE_CONFLICT', 'the server has no such presignature', { retryable: false })
  }
  const encoded = context.sealer.open(place(key, row['incarnation'] as number), row['sealed'] as Uint8Array)
  try {
    return Presignature.decode(getGroup('secp256k1'), encoded)
  } finally {
    wipe(encoded)
  }
}

export async function deletePresignatures(tx: Queryable, setId: string): Promise<void> {
  await tx.query('delete from reshare_presignatures where set_id = $1', [setId])
}

export async function deletePresignaturesOfWallet(tx: Queryable, clientId: string, walletId: string): Promise<void> {
  await tx.query(
    `delete from reshare_presignatures where set_id in
       (select set_id from reshare_sets where client_id = $1 and wallet_id = $2)`,
    [clientId, walletId],
  )
}

/** Deletes what nobody may use any more. */
export async function forgetPresignatures(context: ServerContext): Promise<void> {
  await inPages(() =>
    context.database.query(
      `delete from reshare_presignatures where (set_id, presignature_id) in
         (select set_id, presignature_id from reshare_presignatures
          where expires_at <= $1 or incarnation <> ${INCARNATION} limit ${PAGE})
       returning 1`,
      [timestamp(context)],
    ),
  )
}
