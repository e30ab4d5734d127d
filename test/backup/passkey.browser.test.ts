import { describe, expect, test } from 'vitest'
import { server } from 'vitest/browser'
import { anyOf, createPasskey, openBackup, passkey, sealBackup } from '../../src/backup/index.ts'
import { seededRandom } from '../support/random.ts'
import { authenticator } from '../support/virtual-authenticator.ts'
import { cheap, codeOf, record } from './fixtures.ts'

describe.runIf(server.browser === 'chromium')('passkey', () => {
  const random = seededRandom()

  test('seals and opens, by name or by choice, alone and beside a password', async () => {
    const device = await authenticator()
    const identity = await createPasskey({ keyName: 'wallet backup' })
    const original = record(random)
    const method = passkey({ identity })
    await method.probe()
    const cipherText = await sealBackup({ record: original, methods: [method, cheap('p')] })
    for (const opener of [method, passkey(), cheap('p')]) {
      expect(await openBackup({ cipherText, methods: [opener] })).toEqual(original)
    }
    expect(anyOf(method, cheap('p')).name).toBe('PASSKEY')
    await device.remove()
  })

  test('another passkey does not open it', async () => {
    const device = await authenticator()
    const [mine, other] = [await createPasskey({ keyName: 'mine' }), await createPasskey({ keyName: 'other' })]
    const cipherText = await sealBackup({ record: record(random), methods: [passkey({ identity: mine })] })
    const work = openBackup({ cipherText, methods: [passkey({ identity: other })] })
    expect(await codeOf(work)).toBe('DECRYPT_FAILED')
    await device.remove()
  })
})
