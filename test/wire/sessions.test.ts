import { operationSessions } from '../../src/wire/operation-definitions.ts'
import { expect, test } from 'vitest'
import type { OperationRequest } from '../../src/wire/operations.ts'
import { partiesOf } from '../../src/wire/sessions.ts'

const ids = { walletId: '', setId: '' }
const recover = { kind: 'recover', ...ids, label: '', existingSets: 'keep', dryRun: false } as const
const ecdsa = { scheme: 'ecdsa', message: '', hash: 'sha256', path: 'm', source: { kind: 'setup' } } as const
const signing = ['signing secp256k1', 'signing ed25519']
const setup = 'signing secp256k1 setup'
const backup = ['backup secp256k1', 'backup ed25519']

test.each<[OperationRequest, string[]]>([
  [{ kind: 'generate', walletId: '', label: '' }, [...signing, setup]],
  [{ kind: 'generate', walletId: '', label: '', withoutSetup: true }, signing],
  [{ kind: 'backup', ...ids, backupMethod: 'PASSWORD' }, backup],
  [{ ...recover, rotateBackup: null }, [...signing, setup]],
  [{ ...recover, rotateBackup: null, dryRun: true }, signing],
  [{ ...recover, rotateBackup: 'PASSKEY' }, [...signing, ...backup, setup]],
  [{ ...recover, rotateBackup: 'PASSKEY', withoutSetup: true }, [...signing, ...backup]],
  [{ kind: 'refresh', ...ids, label: '' }, [...signing, setup]],
  [{ kind: 'refresh', ...ids, label: '', withoutSetup: true }, signing],
  [{ kind: 'prove', ...ids }, signing],
  [{ kind: 'sign', ...ids, scheme: 'ed25519', message: '', path: 'm' }, ['signing ed25519']],
  [{ kind: 'sign', ...ids, scheme: 'bip340', message: '', path: 'm', tapTweak: null }, ['signing secp256k1']],
  [{ kind: 'sign', ...ids, ...ecdsa }, ['signing secp256k1']],
  [{ kind: 'preprocess', ...ids }, ['signing secp256k1']],
  [{ kind: 'setup', ...ids }, ['signing secp256k1 setup']],
])('client and server number the sessions of %o alike', (request, expected) => {
  expect(
    operationSessions(request).map(
      ({ target, curve, brings }) => `${target} ${curve}${brings === 'setup' ? ' setup' : ''}`,
    ),
  ).toEqual(expected)
})

test('the client is party 1 of every set, and its counterpart party 2', () => {
  expect(partiesOf('signing').map(({ id, role }) => [id, role])).toEqual([
    [1, 'client'],
    [2, 'server'],
  ])
  expect(partiesOf('backup').map(({ id, role }) => [id, role])).toEqual([
    [1, 'client'],
    [2, 'custodian'],
  ])
})
