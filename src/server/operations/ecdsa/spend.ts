import type { SignEcdsaRequest } from '../../../api/operations.ts'
import { BadRequest } from '../../../api/http.ts'
import { publicKeyAtPath, requestDigest } from '../../../api/signing.ts'
import { getGroup } from '../../../curve/index.ts'
import type { ServerContext } from '../../context.ts'
import type { Queryable } from '../../database/types.ts'
import { ecdsaRecord } from '../../sets/rows.ts'
import { takePresignature } from '../../sets/presignatures.ts'
import { requireSource } from '../admit.ts'
import type { Played, Turn } from '../turn.ts'
import { endWithSignature } from '../use.ts'

/**
 * Signs with a presignature in one round: nothing comes in, the server's share of the signature, 64 bytes, goes out.
 *
 * The presignature is taken out of the database first, in the transaction that stores the answer. If that does not
 * commit, the share computed from it has never left, and the presignature is there again; what is computed then is for
 * the same request or from a presignature that nobody has seen used.
 */
export async function spendPresignature(
  context: ServerContext,
  tx: Queryable,
  turn: Turn<SignEcdsaRequest>,
  id: string,
): Promise<Played> {
  const { clientId, incarnation, parcels, request } = turn
  if (parcels.length !== 0) throw new BadRequest('a signature with a presignature carries no parcels')
  const set = await requireSource(tx, turn, request)
  const group = getGroup('secp256k1')
  const record = ecdsaRecord(set)
  const publicKey = publicKeyAtPath(group, record, request.path)
  const conditions = { setId: record.setId, publicKey, incarnation }

  const presignature = await takePresignature(context, tx, { clientId, setId: set.setId, id }, request.path)
  try {
    const envelope = presignature.spend(group, requestDigest(request), conditions)
    return { parcels: [{ slot: 0, envelope }], ending: endWithSignature(context, turn) }
  } finally {
    presignature.dispose()
  }
}
