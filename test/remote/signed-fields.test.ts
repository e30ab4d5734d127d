import { expect, test, vi } from 'vitest'
import { toBase64 } from '../../src/util/bytes.ts'
import { rawSide } from './support/raw.ts'
import { serve } from './support/served.ts'

const digest = toBase64(new Uint8Array(32))

test.each([
  { scheme: 'ed25519', message: '', digest },
  { scheme: 'ed25519', message: '', hash: 'sha256' },
  { scheme: 'ed25519', message: '', tapTweak: '' },
  { scheme: 'bip340', message: '', digest },
  { scheme: 'ecdsa', digest, message: '' },
  { scheme: 'ecdsa', digest, tapTweak: '' },
])('a user is not asked with fields that are not signed: %j', async (parameters) => {
  const approve = vi.fn(() => false)
  const app = rawSide(serve({ approve }).ports.app)
  app.send({ type: 'hello' })
  app.send({ type: 'call', id: 1, action: 'sign', parameters: { walletId: '00'.repeat(16), ...parameters } })
  expect(await app.next({ id: 1 })).toMatchObject({ type: 'error', value: { kind: 'type' } })
  expect(approve).not.toHaveBeenCalled()
})
