import type { Decision } from '../../wire/operations.ts'
import { MpcError, type ErrorCode, isMpcError } from '../../errors.ts'
import { getSet, postAbort } from '../operations/api-client.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { deleteRetiredShares, proveSet } from './prove-set.ts'
import { deleteSets } from './share-store.ts'
import type { Client } from '../types.ts'
import { isKnown, UNDECIDED_MS, withActivated, type LocalSet, type WalletRecord } from './wallet-record.ts'
import { changeKnownWallet, readWallet } from './wallet-store.ts'

/** How long a step may take that the wallet can be used without, or that other wallets wait for. */
const SHORT_MS = 10_000

/** Options of {@link reconcileWallet}. */
export interface ReconcileOptions {
  /** Receives the error of a step that failed but is not needed to use the wallet. */
  readonly onLeft?: (error: MpcError) => void
  /** Whether to give up on each set early, because the caller can continue without it. Default: false. */
  readonly soon?: boolean
  /**
   * Whether to leave for later what the wallet can be used without, if the store is locked, because the caller needs no
   * share: so that it does not ask the user. Default: false.
   */
  readonly quiet?: boolean
}

/**
 * Finishes or undoes what an earlier operation on this device left unfinished, then returns the wallet's record.
 *
 * A set that is PREPARED here waits for a decision that this device does not know. The server is asked to abort its
 * operation, which makes the decision final: on COMMIT the set is activated, on ABORT it is discarded. Without a
 * response it stays PREPARED and the previous set stays in use. An operation that another tab may still be running is
 * not aborted before it expires: the server is only asked for the state of the set.
 *
 * Sends the proof for a set whose proof is still pending. Steps that the wallet can be used without have a short
 * timeout of their own.
 *
 * @returns undefined if this device does not know the wallet, also because its first set is discarded now
 * @throws {OPERATION_IN_PROGRESS} if another tab is making the only set
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT} without a response that can be read, if no other set is in use
 * @throws {SET_RETIRED} if the set in use was retired before it was proven
 * @throws {SHARE_PARSING_FAILED} if what this device stores is damaged
 */
export async function reconcileWallet(
  client: Client,
  deadline: Deadline,
  walletId: string,
  { onLeft, soon = false, quiet = false }: ReconcileOptions = {},
): Promise<WalletRecord | undefined> {
  const found = await readWallet(client, walletId)
  if (found === undefined) return undefined
  let record: WalletRecord = await deleteRetiredShares(client, found)
  for (const { setId } of record.sets) {
    const known: WalletRecord = record
    const set = known.sets.find((other) => other.setId === setId)
    if (set === undefined || client.operations.has(set.operationId)) continue
    // A proof needs the share, and a request over a sealed transport the device key.
    const isDeferred = quiet && isUnfinished(set) && client.storage.isLocked?.() === true
    if (isDeferred) onLeft?.(new MpcError('STORAGE_UNAVAILABLE', 'the store is locked: unlock it to finish this'))
    if (isDeferred && (known.activeSetId !== null || set.state !== 'PREPARED')) continue
    const unfinished = { set, isProven: !isDeferred }
    try {
      record =
        soon || known.activeSetId !== null
          ? await withDeadline(client, { signal: deadline.signal, timeoutMs: SHORT_MS }, (deadline, client) =>
              reconcileSet(client, deadline, known, unfinished),
            )
          : await reconcileSet(client, deadline, known, unfinished)
    } catch (error) {
      deadline.check()
      // It may have activated the set before it failed.
      record = (await readWallet(client, walletId)) ?? known
      if (!isDeferrable(record, set, error)) throw error
      onLeft?.(error)
    }
  }
  return isKnown(record) ? record : undefined
}

function isUnfinished(set: LocalSet): boolean {
  return set.state === 'PREPARED' || (set.state === 'ACTIVE' && set.proofPending)
}

async function reconcileSet(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  { set, isProven }: { readonly set: LocalSet; readonly isProven: boolean },
): Promise<WalletRecord> {
  if (set.state !== 'PREPARED') return proveIfPending(client, deadline, record, set.setId)
  const isOurs = client.undecidedOperations.has(set.operationId)
  const leftMs = set.operationExpiresAt - client.now()
  const mayBeUnderWay = !isOurs && leftMs > 0 && leftMs <= UNDECIDED_MS
  const decision = mayBeUnderWay ? await findDecision(client, deadline, set) : await decide(client, deadline, set)
  client.undecidedOperations.delete(set.operationId)
  if (decision === 'ABORT') return deleteSets(client, record.walletId, [set.setId])
  const activated = await activateSet(client, record.walletId, set.setId)
  return isProven ? proveIfPending(client, deadline, activated, set.setId) : activated
}

async function decide(client: Client, deadline: Deadline, { operationId }: LocalSet): Promise<Decision['decision']> {
  return (await postAbort(client, deadline, operationId)).decision
}

/**
 * Looks up the decision about a set, without forcing one.
 *
 * @throws {OPERATION_IN_PROGRESS} if there is none yet
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

/** Proves a set whose proof is pending: the retirement of other sets, on any device, may depend on it. */
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

/** Activates a set that the server has committed. */
export async function activateSet(client: Client, walletId: string, setId: string): Promise<WalletRecord> {
  return changeKnownWallet(client, walletId, (record) => withActivated(record, setId))
}

/** Errors that delay a set's proof, but do not prevent using it. */
const TRANSIENT_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NETWORK_ERROR',
  'MALFORMED_RESPONSE',
  'TIMEOUT',
  'POLICY_DENIED',
  'RATE_LIMITED',
  'OPERATION_IN_PROGRESS',
  'CLIENT_MOVED',
])

/** Whether the wallet can be used as it is: the error is not about the set in use, or is transient. */
function isDeferrable(record: WalletRecord, set: LocalSet, error: unknown): error is MpcError {
  if (!isMpcError(error) || record.activeSetId === null) return false
  return set.setId !== record.activeSetId || TRANSIENT_CODES.has(error.code)
}
