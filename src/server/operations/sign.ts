import type { SignRequest } from '../../api/operations.ts'
import { operationSlots, setParties } from '../../api/slots.ts'
import { getGroup } from '../../curve/index.ts'
import { createSigning } from '../../protocol/frost/session.ts'
import { wipeKeyShare, type KeyShare } from '../../share/index.ts'
import { partyId } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { ServerContext } from '../context.ts'
import { readShare } from '../sets/shares.ts'
import { requireSource } from './admit.ts'
import { advanceSessions } from './sessions.ts'
import type { Played, Turn } from './turn.ts'
import { endWithSignature } from './use.ts'

/**
 * Signs: the client's commitments come in, the server's commitments and signature share go out. The share leaves only
 * if the set is still ACTIVE when its use is recorded; its nonces end with the request.
 */
export async function playSigning(context: ServerContext, turn: Turn<SignRequest>): Promise<Played> {
  const { request, clientId } = turn
  await requireSource(context.database, clientId, request)
  const half = await readShare(context, context.database, clientId, request.setId)
  try {
    const { parcels } = sign(context, turn, half.shares)
    return { parcels, ending: endWithSignature(context, turn) }
  } finally {
    half.shares.forEach(wipeKeyShare)
  }
}

function sign({ random }: ServerContext, { request, parcels }: Turn<SignRequest>, shares: readonly KeyShare[]) {
  const sessions = operationSlots(request).map(({ curve }) =>
    createSigning({
      scheme: request.scheme,
      group: getGroup(curve),
      share: shares.find(({ record }) => record.curve === curve) as KeyShare,
      signers: setParties('signing').map(({ id }) => id),
      aggregator: partyId(1),
      message: fromHex(request.message),
      random,
    }),
  )
  try {
    return advanceSessions(sessions, parcels, true)
  } finally {
    for (const session of sessions) session.dispose()
  }
}
