import * as v from 'valibot'
import type {
  BackupRequest,
  GenerateRequest,
  ImportRequest,
  RecoverRequest,
  RefreshRequest,
} from '../../../wire/operations.ts'
import { requireCustodian } from '../../sets/ask-custodian.ts'
import { assertNotExpired } from '../../sets/set-checks.ts'
import { newLimits, type ServerOperation } from '../operation.ts'
import { backupMethod, importedKeys, label, limitFields, setId, setupFields, walletId } from '../schemas.ts'
import { requireFreeWallet } from '../source.ts'
import { makeSetsRound } from './make-sets.ts'
import { limitsOfNew } from './new-sets.ts'

/** Makes a wallet and its first signing set. */
export const generateOperation: ServerOperation<GenerateRequest> = {
  schema: (limits) => v.strictObject({ kind: v.literal('generate'), walletId, label: label(limits), ...setupFields }),
  policyFields: (request) => ({ label: request.label }),
  checkStart: ({ database }, { clientId }, request) => requireFreeWallet(database, clientId, request.walletId),
  failuresCountAgainst: [],
  keepsDecision: true,
  handle: makeSetsRound,
}

/** Makes a wallet of a key that the client has, and its first signing set. */
export const importOperation: ServerOperation<ImportRequest> = {
  schema: (limits) =>
    v.strictObject({
      kind: v.literal('import'),
      walletId,
      label: label(limits),
      keys: importedKeys(),
      ...setupFields,
    }),
  policyFields: ({ label, keys }) => ({
    label,
    importedKeys: { secp256k1: keys.secp256k1?.publicKey ?? null, ed25519: keys.ed25519?.publicKey ?? null },
  }),
  checkStart: ({ database }, { clientId }, request) => requireFreeWallet(database, clientId, request.walletId),
  failuresCountAgainst: [],
  keepsDecision: true,
  handle: makeSetsRound,
}

/** Makes a backup set from a signing set. */
export const backupOperation: ServerOperation<BackupRequest> = {
  schema: () => v.strictObject({ kind: v.literal('backup'), walletId, setId, backupMethod }),
  policyFields: (request) => ({ backupMethod: request.backupMethod }),
  checkStart: async (context) => void requireCustodian(context),
  failuresCountAgainst: ['set', 'device'],
  keepsDecision: true,
  handle: makeSetsRound,
}

/** Makes a signing set from a backup set, and if requested another backup set. */
export const recoverOperation: ServerOperation<RecoverRequest> = {
  schema: (limits) =>
    v.pipe(
      v.strictObject({
        kind: v.literal('recover'),
        walletId,
        setId,
        label: label(limits),
        existingSets: v.pipe(v.picklist(['keep', 'retire']), v.description("Of the wallet's other signing sets.")),
        rotateBackup: v.pipe(
          v.nullable(backupMethod),
          v.description('The method of a new backup that replaces this one; null for none.'),
        ),
        dryRun: v.boolean(),
        ...limitFields,
        ...setupFields,
      }),
      v.check(isNotWider),
    ),
  policyFields: ({ existingSets, rotateBackup, dryRun, label, ...request }) => ({
    existingSets,
    rotateBackup,
    dryRun,
    label,
    ...newLimits(request),
  }),
  checkStart: async (context, _, request) => {
    requireCustodian(context)
    assertNotExpired(limitsOfNew(request, undefined), context.now())
  },
  // Not counted against the backup: anyone with the client's credentials can name it, and its share cannot be guessed.
  failuresCountAgainst: ['device'],
  // Logged at its start: someone opens a backup with this client's credentials.
  startEvents: ({ operationId }, { walletId, setId, dryRun }) => [
    { event: 'recoveryStarted', walletId, setId, operationId, ...(dryRun && { detail: 'dryRun' }) },
  ],
  keepsDecision: true,
  handle: makeSetsRound,
}

/** A limited set comes beside the others: it retires none, and whoever holds it gets no backup. */
function isNotWider({ scope, expiresAt, existingSets, rotateBackup, dryRun }: RecoverRequest): boolean {
  if (scope === undefined && expiresAt === undefined) return true
  return existingSets === 'keep' && rotateBackup === null && !dryRun
}

/** Makes a signing set that replaces its source, with the same limits. */
export const refreshOperation: ServerOperation<RefreshRequest> = {
  schema: (limits) =>
    v.strictObject({ kind: v.literal('refresh'), walletId, setId, label: label(limits), ...setupFields }),
  policyFields: (request) => ({ label: request.label }),
  failuresCountAgainst: ['set', 'device'],
  keepsDecision: true,
  handle: makeSetsRound,
}
