import type { ExportRequest, ImportRequest, OperationRequest } from '../../../src/wire/operations.ts'
import { generating, recovering, WALLET } from './tables.ts'

/** A set that need not be there. */
export const SET = 'cd'.repeat(32)

/** One request of every kind, with the set that it needs. */
export function requestsOf(setId: string): Readonly<Record<OperationRequest['kind'], OperationRequest>> {
  const about = { walletId: WALLET, setId }
  return {
    generate: generating,
    import: importing,
    backup: { kind: 'backup', ...about, backupMethod: 'PASSWORD' },
    recover: recovering(setId),
    refresh: { kind: 'refresh', ...about, label: 'tablet' },
    join: { kind: 'join', ...about, label: 'tablet', joiningDeviceId: null },
    prove: { kind: 'prove', ...about },
    export: exporting(setId),
    setup: { kind: 'setup', ...about },
    preprocess: { kind: 'preprocess', ...about },
    signAll: { kind: 'signAll', ...about, items: [{ scheme: 'ed25519', message: 'abcd', path: 'm' }] },
    sign: { kind: 'sign', ...about, scheme: 'ed25519', message: 'abcd', path: 'm' },
  }
}

/** An import of the generator of secp256k1, whose key is 1. */
export const importing: ImportRequest = {
  kind: 'import',
  walletId: WALLET,
  label: 'phone',
  keys: {
    secp256k1: { publicKey: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', chainCode: null },
    ed25519: null,
  },
}

export function exporting(setId: string): ExportRequest {
  return { kind: 'export', walletId: WALLET, setId, curve: 'ed25519', authorization: '123456', receiver: '' }
}
