import type { Decision } from '../../wire/operations.ts'
import { MpcError, type ErrorCode, isMpcError } from '../../errors.ts'
import { getSet, postAbort } from '../operations/api-client.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { deleteRetiredShares, proveSet } from './prove-set.ts'
import { deleteSets } from './share-store.ts'
import type { Client } from '../types.ts'
import { UNDECIDED_MS, withActivated, type LocalSet, type WalletRecord } from './wallet-record.ts'
import { changeKnownWallet, readWallet } from './wallet-store.ts'

/** How long something may take that the wallet can be used without, or that others wait for. */
const SHORT_MS = 10_000

/** What {@link reconcileWallet} does besides. */
export interface ReconcileOptions {
  /** Told what keeps something from being finished that is not needed to use the wallet. */
  readonly onLeft?: (error: MpcError) => void
  /** Whether there is something to go on with if the wallet cannot be settled soon. */
  readonly soon?: boolean
}

/**
 * Finishes or undoes what an earlier operation on this device left open, then gives the wallet's record.
 *
 * A set that is PREPARED here waits for a decision that this device has not heard. The server is asked to abort its
 * operation, which settles it for ever: on COMMIT the set comes into use, on ABORT it is discarded. Without an answer it
 * stays PREPARED and the set before it stays in use. An operation that another tab may be in the middle of is left
 * alone until its time is over: the server is asked only what became of the set.
 *
 * A set that owes its proof is proven. What the wallet can be used without does not use up the action's time.
 *
 * @returns undefined if this device does not know the wallet
 * @throws {OPERATION_IN_PROGRESS} if another tab is making the only set
 * @throws {NETWORK_ERROR | TIMEOUT} without an answer, if no other set is in use
 * @throws {SET_RETIRED} if the set in use has ended before it was proven
 * @throws {SHARE_PARSING_FAILED} if what this device stores is damaged
 */
export async function reconcileWallet(
  client: Client,
  deadline: Deadline,
  walletId: string,
  { onLeft, soon = false }: ReconcileOptions = {},
): Promise<WalletRecord | undefined> {
  const found = await readWallet(client, walletId)
  if (found === undefined) return undefined
  let record: WalletRecord = await deleteRetiredShares(client, found)
  for (const { setId } of record.sets) {
    const known: WalletRecord = record
    const set = known.sets.find((other) => other.setId === setId)
    if (set === undefined || client.operations.has(set.operationId)) continue
    try {
      record =
        soon || known.activeSetId !== null
          ? await withDeadline(client, { signal: deadline.signal, timeoutMs: SHORT_MS }, (deadline, client) =>
              reconcileSet(client, deadline, known, set),
            )
          : await reconcileSet(client, deadline, known, set)
    } catch (error) {
      deadline.check()
      // It may have come as far as to put the set into use.
      record = (await readWallet(client, walletId)) ?? known
      if (!isDeferrable(record, set, error)) throw error
      onLeft?.(error)
    }
  }
  return record
}

async function reconcileSet(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  set: LocalSet,
): Promise<WalletRecord> {
  if (set.state !== 'PREPARED') return proveIfPending(client, deadline, record, set.setId)
  const own = client.undecidedOperations.has(set.operationId)
  const leftMs = set.operationExpiresAt - client.now()
  const mayBeUnderWay = !own && leftMs > 0 && leftMs <= UNDECIDED_MS
  const decision = mayBeUnderWay ? await findDecision(client, deadline, set) : await decide(client, deadline, set)
  client.undecidedOperations.delete(set.operationId)
  if (decision === 'ABORT') return deleteSets(client, record.walletId, [set.setId])
  const activated = await activateSet(client, record.walletId, set.setId)
  return proveIfPending(client, deadline, activated, set.setId)
}

async function decide(client: Client, deadline: Deadline, { operationId }: LocalSet): Promise<Decision['decision']> {
  return (await postAbort(client, deadline, operationId)).decision
}

/**
 * What was decided about a set, without deciding it.
 *
 * @throws {OPERATION_IN_PROGRESS} if nothing was
 */
async function findDecision(client: Client, deadline: Deadline, { setId }: LocalSet): Promise<Decision['decision']> {
  const state = await getSet(client, deadline, setId).then(
    (set) => set.state,
    (error: unknown) => {
      // The server has not prepared it yet, or never will.
      if (isMpcError(error, 'AUTH_FAILED')) return 'PREPARED'
      throw error
    },
  )
  if (state === 'PREPARED') {
    throw new MpcError('OPERATION_IN_PROGRESS', 'a set of this wallet is being made, perhaps in another tab')
  }
  return state === 'ABORTED' ? 'ABORT' : 'COMMIT'
}

/** Proves a set whose proof the server has not heard: others may wait for it with their retirement, on any device. */
async function proveIfPending(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  setId: string,
): Promise<WalletRecord> {
  const current = record.sets.find((set) => set.setId === setId)
  if (current?.state !== 'ACTIVE' || !current.proofPending) return record
  return proveSet(client, deadline, record, setId)
}

/** Puts a set into use that the server has committed. */
export async function activateSet(client: Client, walletId: string, setId: string): Promise<WalletRecord> {
  return changeKnownWallet(client, walletId, (record) => withActivated(record, setId))
}

/** What keeps a set from being proven now, and says nothing against using it. */
const TRANSIENT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NETWORK_ERROR',
  'TIMEOUT',
  'POLICY_DENIED',
  'RATE_LIMITED',
  'OPERATION_IN_PROGRESS',
])

/** Whether the wallet can be used as it is: what is wrong is not with the set in use, or will pass. */
function isDeferrable(record: WalletRecord, set: LocalSet, error: unknown): error is MpcError {
  if (!isMpcError(error) || record.activeSetId === null) return false
  return set.setId !== record.activeSetId || TRANSIENT_CODES.has(error.code)
}
