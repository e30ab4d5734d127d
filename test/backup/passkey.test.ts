import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPasskey, openBackup, passkey } from '../../src/backup/index.ts'
import { Stanza } from 'age-encryption'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, forge, record } from './fixtures.ts'

const random = seededRandom()

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('passkey where there is no WebAuthn', () => {
  test('is STORAGE_UNAVAILABLE before anything happens', async () => {
    vi.stubGlobal('PublicKeyCredential', undefined)
    const method = passkey()
    expect(await codeOf(method.probe())).toBe('STORAGE_UNAVAILABLE')
    expect(await codeOf(method.recipients({ walletId: '00'.repeat(16) }))).toBe('STORAGE_UNAVAILABLE')
    expect(await codeOf(createPasskey({ keyName: 'backup' }))).toBe('STORAGE_UNAVAILABLE')
    const sealed = (type: string) =>
      forge(['PASSKEY'], () => [new Stanza([type, 'nonce'], new Uint8Array(32))], record(random))
    const [forPasskey, forOthers] = [await sealed('age-encryption.org/fido2prf'), await sealed('other')]
    expect(await codeOf(openBackup({ cipherText: forPasskey, methods: [method] }))).toBe('STORAGE_UNAVAILABLE')
    expect(await codeOf(openBackup({ cipherText: forOthers, methods: [method] }))).toBe('DECRYPT_FAILED')
    expect(await codeOf(openBackup({ cipherText: forOthers, methods: [cheap('p')] }))).toBe('DECRYPT_FAILED')
  })
})
