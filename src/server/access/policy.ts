import { askHook, type HookOptions } from '../../service/hooks.ts'
import { MpcError } from '../../errors.ts'
import type { MessageHash } from '../../protocol/ecdsa/index.ts'
import type { BackupMethodName, Curve, SignatureScheme } from '../../types.ts'
import type { PolicyIntent } from '../../policy/types.ts'
import type { Caller } from './caller.ts'
import {
  ALLOWED,
  allOf,
  readAnswer,
  type Allowed,
  type PolicyAction,
  type PolicyAnswer,
  type PolicyDenial,
} from './conditions.ts'

/** What a client requests, for the policy to judge. */
export interface PolicyRequest {
  /** The client that sent the request. */
  readonly clientId: string
  /** The requested action; `find` lists the client's wallets with their public keys. */
  readonly action: PolicyAction
  /** In lower-case hex; absent for `find` and `revoke`. */
  readonly walletId?: string
  /** The device that sent the request: its public key in lower-case hex; absent if the request was not sealed. */
  readonly deviceId?: string
  /** The device that would be revoked. */
  readonly revokedDeviceId?: string
  /** The device that would get a signing set (`join`); absent if it does not seal its requests. */
  readonly joiningDeviceId?: string
  /** The set that signs, deals, is proven, confirmed or retired, in lower-case hex; absent for the other actions. */
  readonly setId?: string
  /** The scope of that set; absent if it has none. */
  readonly scope?: string
  /** When that set ends (ISO 8601), by the server's clock; absent for never. */
  readonly expiresAt?: string
  /** The scope of the set that would be made (`join`, `recover`); absent if it would have none. */
  readonly newScope?: string
  /** When the set that would be made would end (ISO 8601); absent for never. */
  readonly newExpiresAt?: string
  /** The signature scheme (`sign`). */
  readonly scheme?: SignatureScheme
  /**
   * What would be signed (`sign`). `raw` if the client does not say, or if it says something that this server has no decoder
   * for; everything else was checked against the digest or message.
   */
  readonly intent?: PolicyIntent
  /** The message that would be signed. */
  readonly message?: Uint8Array
  /**
   * All that would be signed (`signAll`): every item, or nothing. The fields of `sign` are those of each item. Only for a policy
   * with `judgesAll`.
   */
  readonly items?: readonly SignedItem[]
  /** The curve of the private key that would be exported (`export`). */
  readonly curve?: Curve
  /** The public keys that would be imported, in lower-case hex; null for a curve whose key is generated (`import`). */
  readonly importedKeys?: Readonly<Record<Curve, string | null>>
  /** How the message is hashed for ECDSA; null if the client sent only the digest, so that the message is unknown. */
  readonly hash?: MessageHash | null
  /** The digest that ECDSA would sign, 32 bytes. */
  readonly digest?: Uint8Array
  /** The path of the key that would sign, without hardened steps: `m` is the wallet's own key. */
  readonly path?: string
  /** The Merkle root of the key's tweak (BIP 341) in lower-case hex; '' for a tweak without one; null for no tweak. */
  readonly tapTweak?: string | null
  /** The method of the backup that would be made. */
  readonly backupMethod?: BackupMethodName
  /** Whether a recovery retires the wallet's other signing sets (`recover`). */
  readonly existingSets?: 'keep' | 'retire'
  /** The method of the new backup if a recovery also rotates the backup, else null (`recover`). */
  readonly rotateBackup?: BackupMethodName | null
  /** Whether a recovery only checks that the backup works (`recover`). */
  readonly dryRun?: boolean
  /** The device's name for itself, which proves nothing. */
  readonly label?: string
}

/** One signature of a `signAll`, as {@link PolicyRequest} describes that of `sign`. */
export type SignedItem = Pick<PolicyRequest, 'scheme' | 'intent' | 'message' | 'hash' | 'digest' | 'path' | 'tapTweak'>

/** The caller's fields of a policy request. */
export function callerFields({ clientId, device }: Caller): Pick<PolicyRequest, 'clientId' | 'deviceId'> {
  return device === null ? { clientId } : { clientId, deviceId: device }
}

/** What limits a set; null for what does not. */
interface Limits {
  readonly scope: string | null
  readonly expiresAt: Date | null
}

/** The fields of a policy request that say what limits the set that it names. */
export function limitFields({ scope, expiresAt }: Limits): Pick<PolicyRequest, 'scope' | 'expiresAt'> {
  return { ...(scope !== null && { scope }), ...(expiresAt !== null && { expiresAt: expiresAt.toISOString() }) }
}

/**
 * Called before an action starts, after its sets were found to belong to the client. Anything but `true`, and conditions, denies
 * the action; a {@link PolicyDenial} says why. If it throws or takes longer than `limits.hookMs`, the action does not start, and the response is 503, after
 * which clients may retry.
 */
export interface Policy {
  (request: PolicyRequest, options: HookOptions): PolicyAnswer | Promise<PolicyAnswer>
  /**
   * Whether it judges all items of a `signAll` at once. Default: it is asked about each of them as if it was a `sign`, and all
   * must be allowed; what it reserves for them is added up, and the whole waits for all that it wants for one of them.
   */
  readonly judgesAll?: boolean
}

interface Asking {
  readonly policy: Policy | undefined
  readonly limits: { readonly hookMs: number }
}

/**
 * @returns what has to be reserved, and what the request has to wait for
 * @throws {POLICY_DENIED} unless the policy allows the request
 * @throws {Unavailable} if it fails
 */
export async function askPolicy({ policy, limits }: Asking, request: PolicyRequest): Promise<Allowed> {
  if (policy === undefined) return ALLOWED
  const answers: Allowed[] = []
  for (const one of policy.judgesAll === true ? [request] : eachItem(request)) {
    // Each item has the time of one signature.
    const answer = await askHook('policy', limits.hookMs, async (options) =>
      readAnswer(one.action, await policy(one, options)),
    )
    if (!answer.allowed) throw denied(request, answer)
    answers.push(answer)
  }
  // Answers that cannot be added up are a failure of the policy.
  const allowed = await askHook('policy', limits.hookMs, () => allOf(answers))
  if (!allowed.allowed) throw denied(request, allowed)
  return allowed
}

function denied({ action }: PolicyRequest, { reason }: PolicyDenial): MpcError {
  const why = reason === '' ? '' : `: ${reason}`
  return new MpcError('POLICY_DENIED', `the policy denies ${action}${why}`, { denial: { by: 'policy', reason } })
}

/** A `signAll` as requests to sign each of its items; any other request as it is. */
function eachItem({ items, ...about }: PolicyRequest): readonly PolicyRequest[] {
  return items === undefined ? [about] : items.map((item) => ({ ...about, ...item, action: 'sign' }))
}
