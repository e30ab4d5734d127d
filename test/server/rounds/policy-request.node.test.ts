import { describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { policyRequest } from '../../../src/server/rounds/admission.ts'
import { fromHex } from '../../../src/util/bytes.ts'
import { importing, requestsOf, SET } from '../support/requests.ts'
import { generating, recovering, WALLET } from '../support/tables.ts'

describe('the policy is asked', () => {
  const about = { clientId: 'ann', walletId: WALLET }
  const ecdsa: OperationRequest = {
    kind: 'sign',
    walletId: WALLET,
    setId: SET,
    scheme: 'ecdsa',
    message: 'abcd'.repeat(16),
    path: 'm/1',
    hash: null,
    source: { kind: 'setup' },
  }
  const { hash: _, source: __, ...plain } = ecdsa
  const bip340 = { ...plain, scheme: 'bip340', tapTweak: '' } as OperationRequest

  test.each<[string, OperationRequest, object]>([
    ['generate', generating, { label: 'phone' }],
    [
      'import',
      importing,
      { label: 'phone', importedKeys: { secp256k1: importing.keys.secp256k1!.publicKey, ed25519: null } },
    ],
    ['backup', requestsOf(SET).backup, { setId: SET, backupMethod: 'PASSWORD' }],
    [
      'recover',
      recovering(SET, { rotateBackup: 'PASSKEY' }),
      { setId: SET, existingSets: 'retire', rotateBackup: 'PASSKEY', dryRun: false, label: 'laptop' },
    ],
    [
      'recover',
      recovering(SET, { existingSets: 'keep', scope: 'agent', expiresAt: '2026-01-01T00:00:00.000Z' }),
      {
        ...{ setId: SET, existingSets: 'keep', rotateBackup: null, dryRun: false, label: 'laptop' },
        ...{ newScope: 'agent', newExpiresAt: '2026-01-01T00:00:00.000Z' },
      },
    ],
    ['refresh', requestsOf(SET).refresh, { setId: SET, label: 'tablet' }],
    ['prove', requestsOf(SET).prove, { setId: SET }],
    ['export', requestsOf(SET).export, { setId: SET, curve: 'ed25519' }],
    ['setup', requestsOf(SET).setup, { setId: SET }],
    ['preprocess', requestsOf(SET).preprocess, { setId: SET }],
    ['sign', requestsOf(SET).sign, { setId: SET, scheme: 'ed25519', message: fromHex('abcd'), path: 'm' }],
    [
      'sign',
      ecdsa,
      {
        setId: SET,
        scheme: 'ecdsa',
        message: fromHex('abcd'.repeat(16)),
        path: 'm/1',
        hash: null,
        digest: fromHex('abcd'.repeat(16)),
      },
    ],
    ['sign', bip340, { setId: SET, scheme: 'bip340', message: fromHex('abcd'.repeat(16)), path: 'm/1', tapTweak: '' }],
  ])('to %s', (action, request, details) => {
    expect(policyRequest({ clientId: 'ann', device: null }, request)).toStrictEqual({ ...about, action, ...details })
  })
})
