import { WIRE_OPERATIONS } from '../../wire/operation-definitions.ts'
import { MpcError } from '../../errors.ts'
import { canAccess, type Caller } from '../access/caller.ts'
import type { Queryable } from '../../service/database/types.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { requireSet, type SetRow } from '../sets/sets-table.ts'
import { assertActive, assertSetMatches, requireRecoverable } from '../sets/set-checks.ts'
import { openShare } from '../sets/shares.ts'
import type { WalletShares } from '../../key-share/index.ts'
import type { ServerContext } from '../context.ts'
import type { RoundInput, SetRequest } from './round.ts'

/**
 * The set that an operation uses, fit for it. Asked again in the transaction that decides the operation. A signing set that
 * is bound to another device answers as one that does not exist.
 */
export async function requireSource(db: Queryable, caller: Caller, request: SetRequest): Promise<SetRow> {
  return requireFit(db, caller, request, await requireSet(db, caller.clientId, request.setId))
}

/** {@link requireSource} of the set that the look-up at the start of the round found. */
export async function sourceOf(db: Queryable, input: RoundInput<SetRequest>): Promise<SetRow> {
  return requireFit(db, input, input.request, input.source?.set)
}

/**
 * The server's share of that set; secret, wiped by the caller.
 *
 * @throws as `openShare`
 */
export function openSourceShare(
  context: ServerContext,
  { clientId, request, source }: RoundInput<SetRequest>,
): WalletShares {
  return openShare(context, clientId, request.setId, source?.share ?? null)
}

/**
 * {@link requireSource} of a set of the client's that was read; undefined if there is none. A set that the request does not
 * name is none: the row of an operation names it twice, and whoever writes to the database may change one of the two.
 */
export async function requireFit(
  db: Queryable,
  caller: Caller,
  request: SetRequest,
  set: SetRow | undefined,
): Promise<SetRow> {
  if (set?.setId !== request.setId) throw notAuthorized()
  if (set.purpose === 'signing' && !canAccess(set, caller)) throw notAuthorized()
  const purpose = WIRE_OPERATIONS[request.kind].source
  assertSetMatches(set, request.walletId, purpose)
  if (purpose === 'signing') assertActive(set)
  else {
    requireRecoverable(set)
    if (caller.device === null) await requireUnbound(db, set)
  }
  return set
}

/**
 * Once a device with a key has made a set of a wallet, an unsealed recovery or join makes none: it would be bound to no device, and
 * outlive the revocation of all.
 *
 * @throws {CHANNEL_FAILED} if one has
 */
export async function requireUnbound(
  db: Queryable,
  { clientId, walletId }: Pick<SetRow, 'clientId' | 'walletId'>,
): Promise<void> {
  const [bound] = await db.query(
    `select 1 from reshare_sets
     where client_id = $1 and wallet_id = $2 and device is not null and committed_at is not null limit 1`,
    [clientId, walletId],
  )
  if (bound === undefined) return
  throw new MpcError('CHANNEL_FAILED', 'devices of this wallet seal their requests: use sealedTransport')
}

/**
 * Wallets are named by client and id: whether another client uses the same id makes no difference, so nothing tells.
 *
 * @throws {WALLET_EXISTS} if the client has this wallet
 */
export async function requireFreeWallet(db: Queryable, clientId: string, walletId: string): Promise<void> {
  const wallet = [clientId, walletId]
  const [known] = await db.query('select 1 from reshare_wallets where client_id = $1 and wallet_id = $2', wallet)
  if (known !== undefined) throw walletExists()
}

export function walletExists(): MpcError {
  return new MpcError('WALLET_EXISTS', 'the wallet exists')
}
