import type { Scalar } from '../../curve/group.ts'
import { sum } from '../../secret-sharing/scalars.ts'
import type { PartyId } from '../../types.ts'
import { wipe } from '../../util/bytes.ts'
import { readMessage } from '../session/abort.ts'
import { type Dealing, readSecret } from '../dealing/dealing.ts'
import type { SessionEnvironment } from '../dealing/environment.ts'
import type { Inbox } from '../session/machine.ts'
import { checkShares, type ReceivedShare } from '../dealing/decommitment.ts'
import type { CheckedDealer } from './dealers.ts'

/**
 * This participant's share s'_j = Σ g_i(j) of the new set. `buildRecord` has checked before that it is not zero.
 *
 * @param dealt.dealers all dealers, this participant included if it deals
 * @param dealt.dealing this participant's own, if it deals; the caller wipes it
 * @throws {PROTOCOL_ABORTED} FORMAT or FELDMAN
 */
export function receiveShare(
  { group, self }: SessionEnvironment,
  id: PartyId,
  { dealers, dealing }: { readonly dealers: readonly CheckedDealer[]; readonly dealing: Dealing | undefined },
  inbox: Inbox,
): Scalar {
  const received: ReceivedShare[] = []
  const own = dealing === undefined ? [] : group.evaluatePolynomial(dealing.coefficients, [id])
  try {
    for (const { from, commitment } of dealers) {
      if (from === self) continue
      const share = readMessage(inbox.direct(3, from), 3, from, (reader) => readSecret(group, reader))
      received.push({ from, commitment, share })
    }
    checkShares(group, received, id, 3)
    return sum(group, [...own, ...received.map((one) => one.share)])
  } finally {
    wipe(...own, ...received.map((one) => one.share))
  }
}
