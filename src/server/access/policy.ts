import { askHook, type HookOptions } from '../../service/hooks.ts'
import type { OperationRequest } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import type { MessageHash } from '../../protocol/ecdsa/index.ts'
import type { BackupMethodName, Curve, SignatureScheme } from '../../types.ts'
import type { Caller } from './caller.ts'

/** What a client asks the server to do. */
export interface PolicyRequest {
  readonly clientId: string
  readonly action: OperationRequest['kind'] | 'confirm' | 'retire' | 'revoke'
  /** lower-case hex; absent for `revoke` */
  readonly walletId?: string
  /** The device that asks: its public key in lower-case hex; absent for a request that came unsealed. */
  readonly deviceId?: string
  /** The device that would be revoked. */
  readonly revokedDeviceId?: string
  /** The set that signs, deals, is proven, confirmed or retired, in lower-case hex; absent for `generate`. */
  readonly setId?: string
  readonly scheme?: SignatureScheme
  /** The message that would be signed. */
  readonly message?: Uint8Array
  /** The curve whose private key would be handed out (`export`). */
  readonly curve?: Curve
  /** How the message is hashed for ECDSA; null if it is the digest itself, of what nobody can tell. */
  readonly hash?: MessageHash | null
  /** What ECDSA would sign, 32 bytes. */
  readonly digest?: Uint8Array
  /** The key that would sign, below the wallet's own (BIP 32): `m` is the wallet's. */
  readonly path?: string
  /** The merkle root that it would be tweaked by (BIP 341), '' for none, null for an untweaked key. */
  readonly tapTweak?: string | null
  /** The method of the backup that would be made. */
  readonly backupMethod?: BackupMethodName
  readonly existingSets?: 'keep' | 'retire'
  /** The method of the new backup where a recovery rotates it, else null. */
  readonly rotateBackup?: BackupMethodName | null
  readonly dryRun?: boolean
  /** What the device calls itself: its own word, and no proof of anything. */
  readonly label?: string
}

/** Who asks, as the policy hears of it. */
export function callerFields({ clientId, device }: Caller): Pick<PolicyRequest, 'clientId' | 'deviceId'> {
  return device === null ? { clientId } : { clientId, deviceId: device }
}

/**
 * Asked before an action starts, after its sets were found to belong to the client; anything but `true` denies it. Where it
 * throws, or gives no answer within `limits.hookMs`, the action does not start, and the client is told to ask again (503).
 */
export type Policy = (request: PolicyRequest, options: HookOptions) => boolean | Promise<boolean>

interface Asking {
  readonly policy: Policy | undefined
  readonly limits: { readonly hookMs: number }
}

/**
 * @throws {POLICY_DENIED} unless the policy allows the request
 * @throws {Unavailable} if it fails
 */
export async function askPolicy({ policy, limits }: Asking, request: PolicyRequest): Promise<void> {
  if (policy === undefined) return
  const allowed: unknown = await askHook('policy', limits.hookMs, (options) => policy(request, options))
  if (allowed !== true) throw new MpcError('POLICY_DENIED', `the policy denies ${request.action}`)
}
