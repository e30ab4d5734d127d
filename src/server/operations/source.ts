import { refusesLimited, WIRE_OPERATIONS } from '../../wire/operation-definitions.ts'
import { MpcError } from '../../errors.ts'
import { canAccess, type Caller } from '../access/caller.ts'
import type { Queryable } from '../../service/database/types.ts'
import { notAuthorized } from '../../service/not-authorized.ts'
import { requireSet, type SetRow } from '../sets/sets-table.ts'
import { assertActive, assertSetMatches, isLimited, requireRecoverable } from '../sets/set-checks.ts'
import { openShare } from '../sets/shares.ts'
import type { WalletShares } from '../../key-share/index.ts'
import type { ServerContext } from '../context.ts'
import type { RoundInput, SetRequest } from './round.ts'

/**
 * Reads the set that an operation uses and checks that it can be used, also in the transaction that decides the operation.
 * A signing set that is bound to another device cannot be told from one that does not exist.
 */
export async function requireSource(
  context: Pick<ServerContext, 'now'>,
  db: Queryable,
  caller: Caller,
  request: SetRequest,
): Promise<SetRow> {
  const set = await requireSet(db, caller.clientId, request.setId)
  return requireFit(context, db, caller, { request, set })
}

/** {@link requireSource} of the set that was read at the start of the round. */
export async function sourceOf(context: ServerContext, input: RoundInput<SetRequest>): Promise<SetRow> {
  return requireFit(context, context.database, input, { request: input.request, set: input.source?.set })
}

/**
 * The server's share of the set; secret, wiped by the caller.
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
 * {@link requireSource} of a set that was read before; undefined if the client has no such set. A set that the request does
 * not name is refused: a row of operations names it twice, and somebody with write access to the database could change one.
 */
export async function requireFit(
  { now }: Pick<ServerContext, 'now'>,
  db: Queryable,
  caller: Caller,
  { request, set }: { readonly request: SetRequest; readonly set: SetRow | undefined },
): Promise<SetRow> {
  if (set?.setId !== request.setId) throw notAuthorized()
  if (set.purpose === 'signing' && !canAccess(set, caller)) throw notAuthorized()
  const purpose = WIRE_OPERATIONS[request.kind].source
  assertSetMatches(set, request.walletId, purpose)
  if (purpose === 'signing') {
    assertActive(set, now())
    if (isLimited(set) && refusesLimited(request)) {
      throw new MpcError('POLICY_DENIED', `a set with a scope or an expiry cannot ${request.kind}`)
    }
  } else {
    requireRecoverable(set)
    if (caller.device === null) await requireUnbound(db, set)
  }
  return set
}

/**
 * Refuses an unsealed recovery or join of a wallet that has a set of a device with a key: the new set would be bound to no
 * device, and no revocation could end it.
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
 * Wallet ids are unique per client, so the response says nothing about other clients' wallets.
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
