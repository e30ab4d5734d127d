import { expect, test } from 'vitest'
import type { OperationRequest } from '../../src/api/operations.ts'
import { operationSlots, setParties } from '../../src/api/slots.ts'

const ids = { walletId: '', setId: '' }
const recover = { kind: 'recover', ...ids, label: '', existingSets: 'keep', dryRun: false } as const
const signing = ['signing secp256k1', 'signing ed25519']
const backup = ['backup secp256k1', 'backup ed25519']

test.each<[OperationRequest, string[]]>([
  [{ kind: 'generate', walletId: '', label: '' }, signing],
  [{ kind: 'backup', ...ids, backupMethod: 'PASSWORD' }, backup],
  [{ ...recover, rotateBackup: null }, signing],
  [{ ...recover, rotateBackup: 'PASSKEY' }, [...signing, ...backup]],
  [{ kind: 'refresh', ...ids, label: '' }, signing],
  [{ kind: 'prove', ...ids }, signing],
  [{ kind: 'sign', ...ids, scheme: 'ed25519', message: '' }, ['signing ed25519']],
  [{ kind: 'sign', ...ids, scheme: 'bip340', message: '' }, ['signing secp256k1']],
])('client and server number the sessions of %o alike', (request, expected) => {
  expect(operationSlots(request).map(({ target, curve }) => `${target} ${curve}`)).toEqual(expected)
})

test('the client is party 1 of every set, and its counterpart party 2', () => {
  expect(setParties('signing').map(({ id, role }) => [id, role])).toEqual([
    [1, 'client'],
    [2, 'server'],
  ])
  expect(setParties('backup').map(({ id, role }) => [id, role])).toEqual([
    [1, 'client'],
    [2, 'custodian'],
  ])
})
