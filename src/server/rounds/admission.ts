import { requireCountedAuthorization } from '../../service/export-authorization.ts'
import { verifyOpeningProof, type FirstRound } from '../../wire/opening-proof.ts'
import { requireAuthorization } from '../../wire/export.ts'
import { askHook } from '../../service/hooks.ts'
import { isMpcError } from '../../errors.ts'
import type { OperationRequest, SignRequest } from '../../wire/operations.ts'
import type { SignAllRequest } from '../../wire/sign-items.ts'
import { hasDecoded, verifyIntent, verifyIntents } from '../access/intents.ts'
import { getGroup } from '../../curve/index.ts'
import type { Caller, CalledOperation } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import type { Allowed } from '../access/conditions.ts'
import { requireApproval } from '../approvals/require-approval.ts'
import { askPolicy, limitFields, type PolicyRequest } from '../access/policy.ts'
import { requireRoomForSet } from '../sets/bounds.ts'
import { ecdsaRecord, type SetRow } from '../sets/sets-table.ts'
import { definitionOf, isAuthorized, type AuthorizedRequest } from '../operations/definitions.ts'
import { requestForPolicy } from '../operations/operation.ts'
import type { SourceSet } from '../operations/round.ts'
import { signatureFields } from '../operations/sign.ts'
import { requireFit } from '../operations/source.ts'
import { chargeBeforehand, failing, ofSet, rateCounts, requireUnlocked } from './rates.ts'
import { recordAbort } from './decisions.ts'
import { decideUnstarted, type NewOperation } from './operations-table.ts'
import type { RoundStatus } from './round-status.ts'

/** What an operation begins with. */
export type Admission = Required<Pick<NewOperation, 'reservations' | 'approvalId' | 'isCharged'>>

/**
 * Checks that an operation may begin: the client owns the set or wallet that it names, the set can be used for it, and the
 * policy allows it.
 *
 * @param found the set that it names, and whether this request has started the operation before: its authorization, which
 *   may be valid once only, was judged then
 * @returns what the operation has to reserve, the approval that it uses, and whether it was counted
 * @throws {AUTH_FAILED} if the set or wallet is not the client's, or does not exist
 * @throws {SET_MISMATCH | SET_RETIRED | SET_EXPIRED | BACKUP_SUPERSEDED | WALLET_EXISTS | OPERATION_IN_PROGRESS | POLICY_DENIED}
 * @throws {APPROVAL_REQUIRED} if the policy allows it on conditions that are not met yet
 * @throws {INTENT_REQUIRED | INTENT_MISMATCH} for a signature that does not say, or not truly, what it is of
 * @throws {OT_POISONED} for a new ECDSA setup of a set whose OT state is poisoned
 * @throws {WEBHOOK_FAILED} for a backup or a recovery where there is no custodian
 * @throws {RATE_LIMITED} if the set or the device is locked out, or the client is locked out of exports
 */
export async function authorizeOperation(
  context: ServerContext,
  key: CalledOperation,
  request: OperationRequest,
  { started, source: found }: Pick<RoundStatus, 'started' | 'source'>,
): Promise<Admission> {
  let ofSet: Partial<PolicyRequest> = {}
  let takeBack: (() => Promise<void>) | undefined
  if ('setId' in request) {
    const set = await requireFit(context, context.database, key, { request, set: found?.set })
    await requireRoomForSet(context, context.database, request, { ...found, set })
    await requireUnlocked(context, key, request)
    // Chains' libraries decode within the rate only.
    const isParsed = !started && isSignature(request) && hasDecoded(context.intents, request)
    if (isParsed) takeBack = await chargeBeforehand(context, { ...key, request })
    ofSet = { ...limitFields(set), ...verified(context, request, set) }
  }
  await definitionOf(request).checkStart?.(context, key, request)
  const asked = { ...policyRequest(key, request), ...ofSet }
  const { reservations, wait } = await askPolicy(context, asked)
  // One that has started was allowed then, and has used its approval.
  const approvalId =
    wait === undefined || started ? null : await requireApprovalOf(context, key, { request, asked, wait }, takeBack)
  if (isAuthorized(request) && !started) await authorizeExport(context, key, request)
  return { reservations, approvalId, isCharged: takeBack !== undefined }
}

/** An operation that waits. */
interface Waiting {
  readonly request: OperationRequest
  readonly asked: PolicyRequest
  readonly wait: NonNullable<Allowed['wait']>
}

/** @param takeBack takes back what the request was counted: while it waits, it is repeated often */
async function requireApprovalOf(
  context: ServerContext,
  key: CalledOperation,
  { request, asked, wait }: Waiting,
  takeBack?: () => Promise<void>,
): Promise<string> {
  const { clientId, operationId } = key
  const abortEarlier = async (operationId: string) => recordAbort(context, { clientId, operationId })
  const waiting = { ...key, request: asked, subject: subjectOf(request, operationId), abortEarlier }
  try {
    return await requireApproval(context, waiting, wait)
  } catch (error) {
    if (isMpcError(error, 'APPROVAL_REQUIRED')) await takeBack?.()
    throw error
  }
}

/** Fields of requests that say how an operation is played, or prove something: a repetition may have others. */
const PLAYED: ReadonlySet<string> = new Set([
  'source',
  'slowClient',
  'withoutSetup',
  'authorization',
  'receiver',
  'intent',
  // Of signAll: the intents and which of them an item is of, and what its signatures are made with.
  'intents',
  'input',
  'preprocessings',
])

/**
 * What of a request is approved: what it does. The digest says all that an intent does, and the id of a new wallet is drawn
 * for each attempt. An invitation of a device that has no id is approved for itself only.
 */
function subjectOf(request: OperationRequest, operationId: string): unknown {
  const makesWallet = request.kind === 'generate' || request.kind === 'import'
  const isUnnamed = request.kind === 'join' && request.joiningDeviceId === null
  const subject = JSON.parse(JSON.stringify(request, withoutPlayed)) as object
  return { ...subject, ...(makesWallet && { walletId: null }), ...(isUnnamed && { operationId }) }
}

function isSignature(request: OperationRequest): request is SignRequest | SignAllRequest {
  return request.kind === 'sign' || request.kind === 'signAll'
}

/** What a request signs, checked to be what it says that it signs. */
function verified(
  { intents }: ServerContext,
  request: OperationRequest,
  set: SetRow,
): Pick<PolicyRequest, 'intent' | 'items'> {
  if (request.kind === 'sign') return { intent: verifyIntent(intents, request, set) }
  if (request.kind !== 'signAll') return {}
  const about = verifyIntents(intents, request, set)
  return { items: request.items.map((item, i) => ({ ...signatureFields(item), intent: about[i]! })) }
}

/**
 * Verifies the opening proof, that the client holds its share of the set. Nothing is stored or counted before: requests
 * without a proof, however many, use up no limit of the owner.
 *
 * @throws {AUTH_FAILED | SET_MISMATCH | SET_RETIRED | SET_EXPIRED | BACKUP_SUPERSEDED | OPERATION_IN_PROGRESS |
 * POLICY_DENIED} as {@link requireSource}
 * @throws {PROTOCOL_ABORTED} if the proof fails
 */
export async function verifyOpening(
  context: Pick<ServerContext, 'database' | 'now'>,
  caller: Caller,
  { firstRound, proof }: { readonly firstRound: FirstRound; readonly proof: Uint8Array },
  source: SourceSet | undefined,
): Promise<void> {
  const record = ecdsaRecord(
    await requireFit(context, context.database, caller, { request: firstRound.request, set: source?.set }),
  )
  verifyOpeningProof(getGroup('secp256k1'), firstRound, record, proof)
}

/** Asks the hook about the authorization of an export, which is not stored. */
async function authorizeExport(
  context: ServerContext,
  key: CalledOperation,
  request: AuthorizedRequest,
): Promise<void> {
  const { authorizeExport: ask, onError, limits } = context
  if (ask === undefined) return requireAuthorization(undefined, onError)
  const { clientId } = key
  const { walletId, setId, curve, authorization } = request
  const asked = { clientId, walletId, setId, curve, authorization }
  const charged = { subject: ofSet(clientId, setId), kind: 'export' } as const
  const presume = () => rateCounts(context).reserveFailure(charged, failing(key, request))
  // A relay may send a denied request again: it is neither judged nor counted a second time. These decisions are kept for
  // ever, and are as few as the failures that a client is allowed; if those are not limited, none is kept.
  const isBounded = limits.lockOut !== null || limits.rates.export !== null
  const onDenied = async () => (isBounded ? decideUnstarted(context, key, 'ABORT') : undefined)
  const asking = () => askHook('authorizeExport', limits.hookMs, (options) => ask(asked, options))
  await requireCountedAuthorization(presume, asking, onError, onDenied)
}

function withoutPlayed(name: string, value: unknown): unknown {
  return PLAYED.has(name) ? undefined : value
}

/** What the policy is asked about an operation. */
export function policyRequest(caller: Caller, request: OperationRequest): PolicyRequest {
  return requestForPolicy(caller, request, definitionOf(request).policyFields(request))
}
