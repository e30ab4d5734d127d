import * as v from 'valibot'
import { APPROVAL_STATES, type Approval } from '../../src/wire/approvals.ts'
import type { DeviceStatus, UnboundSets } from '../../src/wire/devices.ts'
import type { JoinStatus } from '../../src/wire/join.ts'
import type { Decision, OperationResult, SetStatus } from '../../src/wire/operations.ts'
import { WALLETS_PER_PAGE, type WalletBackup, type WalletPage, type WalletStatus } from '../../src/wire/wallets.ts'
import { backupMethod, deviceId, hex, setId, walletId } from '../../src/server/operations/schemas.ts'
import type { SetState } from '../../src/types.ts'
import { requiredApproval } from './errors.ts'

// What the signing server responds with. The compiler compares each schema with the type in src/wire in both directions;
// the contract test compares it with the responses.

/** Fails to compile unless the schema describes exactly the type. */
const exactly =
  <T>() =>
  <const S extends v.GenericSchema>(schema: S & (Same<v.InferOutput<S>, T> extends true ? S : never)): S =>
    schema

type Same<A, B> = [Plain<A>] extends [Plain<B>] ? ([Plain<B>] extends [Plain<A>] ? true : false) : false
type Plain<T> = T extends readonly (infer Item)[]
  ? readonly Plain<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]-?: Plain<T[Key]> }
    : T

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))
const timeOrNull = (description: string) => v.pipe(v.nullable(time), v.description(description))

export const setState = v.picklist<readonly SetState[]>(['PREPARED', 'ACTIVE', 'RETIRING', 'DESTROYED', 'ABORTED'])

export const decision = exactly<Decision>()(v.strictObject({ decision: v.picklist(['COMMIT', 'ABORT']) }))

export const operationResult = exactly<OperationResult>()(
  v.pipe(
    v.strictObject({
      setId,
      state: setState,
      backupSetId: v.exactOptional(setId),
      retired: v.exactOptional(v.pipe(v.array(setId), v.description('With `prove`: the sets that it retired.'))),
    }),
    v.description(
      'The header of the last response. `setId` is the new set, or the one that was used; `backupSetId` the new backup set ' +
        'if the backup was rotated.',
    ),
  ),
)

export const joinStatus = exactly<JoinStatus>()(
  v.pipe(
    v.strictObject({
      round: v.pipe(
        v.number(),
        v.integer(),
        v.minValue(0),
        v.maxValue(4),
        v.description('How many rounds have run; 0 for an invitation that nobody has used.'),
      ),
      decision: v.pipe(
        v.nullable(v.picklist(['COMMIT', 'ABORT'])),
        v.description('Null while the join is not decided.'),
      ),
      expiresAt: timeOrNull('Until when its rounds can be sent; null with `round` 0.'),
    }),
    v.description('The header of the response to `getJoinRound`.'),
  ),
)

export const setStatus = exactly<SetStatus>()(
  v.strictObject({
    setId,
    walletId,
    purpose: v.picklist(['signing', 'backup']),
    state: setState,
    label: v.pipe(
      v.string(),
      v.description('The name that the device gave itself; empty if it gave none, and for a backup set.'),
    ),
    backupMethod: v.pipe(v.nullable(backupMethod), v.description('Null for a signing set.')),
    deviceId: v.pipe(v.nullable(deviceId), v.description('The device that made it; null if it was made unsealed.')),
    createdAt: time,
    lastUsedAt: timeOrNull('When it last signed.'),
    exportedAt: timeOrNull('When a private key was first exported with it.'),
    scope: v.pipe(
      v.nullable(v.string()),
      v.description('The name that the policy gets with its requests; null for none.'),
    ),
    expiresAt: timeOrNull('When it ends; null for never.'),
    proven: v.pipe(v.boolean(), v.description('Whether its holder has proven possession.')),
  }),
)

export const deviceStatus = exactly<DeviceStatus>()(
  v.strictObject({
    deviceId,
    label: v.pipe(v.string(), v.description('The label of its newest signing set.')),
    createdAt: time,
    lastUsedAt: v.pipe(time, v.description('Accurate to the hour.')),
    revokedAt: v.nullable(time),
    setIds: v.pipe(v.array(setId), v.description('The signing sets that it can use now.')),
  }),
)

export const unboundSets = exactly<UnboundSets>()(
  v.pipe(
    v.strictObject({
      deviceId: v.null(),
      label: v.string(),
      createdAt: time,
      lastUsedAt: time,
      revokedAt: v.null(),
      setIds: v.pipe(v.array(setId), v.minLength(1)),
    }),
    v.description(
      'The signing sets in use that belong to no device: every caller of the client may use them, and no revocation ends them.',
    ),
  ),
)

/** Any JSON in the place of its recursive type, which the comparison cannot follow. */
type AnyDetails = Omit<Approval, 'details'> & { readonly details: Readonly<Record<string, unknown>> }

export const approvalId = v.pipe(hex(16), v.description('A request for approval.'))

export const approval = exactly<AnyDetails>()(
  v.strictObject({
    ...requiredApproval,
    approvalId,
    state: v.picklist(APPROVAL_STATES),
    action: v.pipe(v.string(), v.description('As a policy gets it.')),
    walletId: v.nullable(walletId),
    setId: v.nullable(setId),
    deviceId: v.pipe(
      v.nullable(deviceId),
      v.description('The device that has asked; null if its request was not sealed.'),
    ),
    createdAt: time,
    approvedAt: v.nullable(time),
    approvedBy: v.pipe(v.nullable(v.string()), v.description("A device's id, or `operator` with or without a name.")),
    endedAt: v.nullable(time),
    mayApprove: v.pipe(v.boolean(), v.description('Whether the device that lists it may approve it.')),
    details: v.pipe(
      v.record(v.string(), v.unknown()),
      v.description('What is asked for: fields of the policy, with bytes in hex and large numbers in decimal.'),
    ),
  }),
)

export const approvalList = v.strictObject({ approvals: v.pipe(v.array(approval), v.maxLength(200)) })

export const walletBackup = exactly<WalletBackup>()(
  v.strictObject({
    setId,
    method: backupMethod,
    createdAt: time,
    confirmedAt: timeOrNull('Null if the app has not confirmed it: it recovers if its cipherText was stored.'),
  }),
)

export const walletStatus = exactly<WalletStatus>()(
  v.strictObject({
    walletId,
    publicKeys: v.strictObject({ secp256k1: hex(33), ed25519: hex(32) }),
    createdAt: time,
    exportedAt: timeOrNull('When a private key was first exported with a signing set of the wallet.'),
    importedAt: timeOrNull('Null if both keys were generated.'),
    signingSets: v.pipe(
      v.array(setStatus),
      v.description('Those that have not ended, in the order in which they were made.'),
    ),
    backups: v.pipe(v.array(walletBackup), v.description('Those that recover the wallet now.')),
  }),
)

export const walletCursor = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9][0-9]{0,12})-[0-9a-f]{32}$/),
  v.description('Opaque: the `next` of a page.'),
)

export const walletPage = exactly<WalletPage>()(
  v.strictObject({
    wallets: v.pipe(v.array(walletStatus), v.maxLength(WALLETS_PER_PAGE)),
    next: v.pipe(v.nullable(walletCursor), v.description('The `after` of the next page; null if there is none.')),
  }),
)

export const setList = v.strictObject({ sets: v.array(setStatus) })

export const deviceList = v.strictObject({ devices: v.array(v.union([deviceStatus, unboundSets])) })
