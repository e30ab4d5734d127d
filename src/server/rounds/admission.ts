import { requireCountedAuthorization } from '../../service/export-authorization.ts'
import { verifyOpeningProof, type FirstRound } from '../../wire/opening-proof.ts'
import { requireAuthorization } from '../../wire/export.ts'
import { askHook } from '../../service/hooks.ts'
import type { ExportRequest, OperationRequest, SignRequest } from '../../wire/operations.ts'
import { requestDigest } from '../../wire/signing.ts'
import { getGroup } from '../../curve/index.ts'
import { MpcError } from '../../errors.ts'
import { fromHex } from '../../util/bytes.ts'
import { canAccess, type Caller } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Queryable } from '../../service/database/types.ts'
import { callerFields, askPolicy, type PolicyRequest } from '../access/policy.ts'
import { requireCustodian } from '../sets/ask-custodian.ts'
import { requireRoomForSet } from '../sets/bounds.ts'
import { assertUnpoisoned } from '../sets/ot-states.ts'
import { ecdsaRecord, notAuthorized, requireSet, type SetRow } from '../sets/sets-table.ts'
import { assertActive, assertSetMatches, requireRecoverable } from '../sets/set-checks.ts'
import { failing, ofSet, rateCounts, requireUnlocked } from './rates.ts'
import { decideUnstarted, type CalledOperation, type NamedSet, type Outcome } from './operations-table.ts'
import type { SetRequest } from '../operations/round.ts'

/**
 * Lets an operation begin: the client owns what it names, that can do what it asks, and the policy allows it.
 *
 * @param found whether this very request has begun it already: its authorisation, which may be good for once, was judged; and
 *   the set that it names
 * @throws {AUTH_FAILED} if the set or wallet is not the client's, or does not exist
 * @throws {SET_MISMATCH | SET_RETIRED | BACKUP_SUPERSEDED | STORAGE_CONFLICT | OPERATION_IN_PROGRESS | POLICY_DENIED}
 * @throws {OT_POISONED} for a new ECDSA setup in the place of a poisoned one
 * @throws {WEBHOOK_FAILED} for a backup or a recovery where there is no custodian
 * @throws {RATE_LIMITED} if the set or the device is locked out, or the client from exports
 */
export async function authorizeOperation(
  context: ServerContext,
  key: CalledOperation,
  request: OperationRequest,
  { begun, named }: Pick<Outcome, 'begun' | 'named'>,
): Promise<void> {
  const { clientId } = key
  if (request.kind === 'generate') await requireFreeWallet(context.database, clientId, request.walletId)
  else {
    const source = await requireFit(context.database, key, request, named?.set)
    await requireRoomForSet(context, context.database, request, source)
    await requireUnlocked(context, key, request)
  }
  if (request.kind === 'setup') await assertUnpoisoned(context, context.database, request.setId)
  if (request.kind === 'backup' || request.kind === 'recover') requireCustodian(context)
  if (request.kind === 'sign' && request.scheme === 'ecdsa' && request.source.kind === 'ephemeralSetup') {
    checkOnCheating(context)
  }
  await askPolicy(context, policyRequest(key, request))
  if (request.kind === 'export' && !begun) await authorizeExport(context, key, request)
}

/**
 * Lets nobody begin what needs the client's half of a set but who holds it. Nothing is stored or counted before this: what
 * was not proven uses up nothing that the owner needs, however much of it comes.
 *
 * @throws {AUTH_FAILED | SET_MISMATCH | SET_RETIRED | BACKUP_SUPERSEDED | OPERATION_IN_PROGRESS} as {@link requireSource}
 * @throws {PROTOCOL_ABORTED} if the proof fails
 */
export async function verifyOpening(
  db: Queryable,
  caller: Caller,
  flight: FirstRound,
  proof: Uint8Array,
  named: NamedSet | undefined,
): Promise<void> {
  const record = ecdsaRecord(await requireFit(db, caller, flight.request, named?.set))
  verifyOpeningProof(getGroup('secp256k1'), flight, record, proof)
}

/** Judges an export by the authorisation that came with it, which is forgotten after this. */
async function authorizeExport(context: ServerContext, key: CalledOperation, request: ExportRequest): Promise<void> {
  const { authorizeExport: ask, onError, limits } = context
  if (ask === undefined) return requireAuthorization(undefined, onError)
  const { clientId } = key
  const { walletId, setId, curve, authorization } = request
  const asked = { clientId, walletId, setId, curve, authorization }
  const charged = { subject: ofSet(clientId, setId), kind: 'export' } as const
  const presume = () => rateCounts(context).reserveFailure(charged, failing(key, request))
  // Sent again, as a relay may, what is denied is not judged, and does not count, again. Kept for ever, such decisions are
  // as few as the tries that a client has; where these have no bound, none is kept.
  const isBounded = limits.lockOut !== null || limits.rates.export !== null
  const onDenied = async () => (isBounded ? decideUnstarted(context, key, 'ABORT') : undefined)
  const asking = () => askHook('authorizeExport', limits.hookMs, (options) => ask(asked, options))
  await requireCountedAuthorization(presume, asking, onError, onDenied)
}

/**
 * The set that an operation uses, fit for it. Asked again in the transaction that decides the operation. A signing set that
 * is bound to another device answers as one that does not exist.
 */
export async function requireSource(db: Queryable, caller: Caller, request: SetRequest): Promise<SetRow> {
  return requireFit(db, caller, request, await requireSet(db, caller.clientId, request.setId))
}

/** {@link requireSource} of a set of the client's that was read; undefined if there is none. */
async function requireFit(
  db: Queryable,
  caller: Caller,
  request: SetRequest,
  set: SetRow | undefined,
): Promise<SetRow> {
  if (set === undefined) throw notAuthorized()
  if (set.purpose === 'signing' && !canAccess(set, caller)) throw notAuthorized()
  if (request.kind === 'recover') {
    assertSetMatches(set, request.walletId, 'backup')
    requireRecoverable(set)
    if (caller.device === null) await requireUnbound(db, set)
  } else {
    assertSetMatches(set, request.walletId, 'signing')
    assertActive(set)
  }
  return set
}

/**
 * Once a device with a key has made a set of a wallet, an unsealed recovery makes none: it would be bound to no device, and
 * outlive the revocation of all.
 *
 * @throws {CHANNEL_FAILED} if one has
 */
async function requireUnbound(db: Queryable, { clientId, walletId }: SetRow): Promise<void> {
  const [bound] = await db.query(
    `select 1 from reshare_sets
     where client_id = $1 and wallet_id = $2 and device is not null and committed_at is not null limit 1`,
    [clientId, walletId],
  )
  if (bound === undefined) return
  throw new MpcError('CHANNEL_FAILED', 'devices of this wallet seal their requests: recover with sealedTransport')
}

/**
 * Wallets are named by client and id: whether another client uses the same id makes no difference, so nothing tells.
 *
 * @throws {STORAGE_CONFLICT} if the client has this wallet
 */
export async function requireFreeWallet(db: Queryable, clientId: string, walletId: string): Promise<void> {
  const wallet = [clientId, walletId]
  const [known] = await db.query('select 1 from reshare_wallets where client_id = $1 and wallet_id = $2', wallet)
  if (known !== undefined) throw new MpcError('STORAGE_CONFLICT', 'the wallet exists', { retryable: false })
}

function checkOnCheating({ onCheating }: ServerContext): void {
  if (onCheating === 'ephemeralSetup') return
  throw new MpcError('POLICY_DENIED', 'this server signs with the setup of the set only')
}

/** What the policy is asked about an operation. */
export function policyRequest(caller: Caller, request: OperationRequest): PolicyRequest {
  const { kind: action, walletId } = request
  const asked = { ...callerFields(caller), action, walletId }
  switch (request.kind) {
    case 'generate':
      return { ...asked, label: request.label }
    case 'sign':
      return { ...asked, setId: request.setId, message: fromHex(request.message), ...schemeRequest(request) }
    case 'backup':
      return { ...asked, setId: request.setId, backupMethod: request.backupMethod }
    case 'recover': {
      const { setId, existingSets, rotateBackup, dryRun, label } = request
      return { ...asked, setId, existingSets, rotateBackup, dryRun, label }
    }
    case 'refresh':
      return { ...asked, setId: request.setId, label: request.label }
    case 'export':
      return { ...asked, setId: request.setId, curve: request.curve }
    default:
      return { ...asked, setId: request.setId }
  }
}

function schemeRequest(request: SignRequest) {
  const { scheme } = request
  switch (scheme) {
    case 'ed25519':
      return { scheme }
    case 'bip340':
      return { scheme, path: request.path, tapTweak: request.tapTweak }
    case 'ecdsa':
      return { scheme, path: request.path, hash: request.hash, digest: requestDigest(request) }
  }
}
