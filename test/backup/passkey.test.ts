import { afterEach, describe, expect, test, vi } from 'vitest'
import { sha256 } from '@noble/hashes/sha2.js'
import { createPasskey, openBackup, passkey, sealBackup, type PrfRequest } from '../../src/backup/index.ts'
import { Stanza } from 'age-encryption'
import { fromUtf8, utf8 } from '../../src/util/bytes.ts'
import { answering, browser, failing, prf, type Answer } from '../support/passkeys.ts'
import { seededRandom } from '../support/random.ts'
import { cheap, codeOf, forge, record } from './fixtures.ts'

const random = seededRandom()

afterEach(() => {
  vi.unstubAllGlobals()
})

async function sealed(): Promise<string> {
  browser({})
  return sealBackup({ record: record(random), methods: [passkey()] })
}

describe('passkey in a browser that is played', () => {
  test('opens what it sealed, whatever the result comes in', async () => {
    const original = record(random)
    browser({})
    const cipherText = await sealBackup({ record: original, methods: [passkey()] })
    const kinds: ((input: Uint8Array) => unknown)[] = [
      prf,
      (input) => sha256(input),
      (input) => new DataView(sha256(input).buffer),
      (input) => [...sha256(input)],
    ]
    for (const kind of kinds) {
      browser({ get: answering(kind) })
      expect(await openBackup({ cipherText, methods: [passkey()] })).toEqual(original)
    }
    browser({ get: answering((input) => sha256(sha256(input))) })
    expect(await codeOf(openBackup({ cipherText, methods: [passkey()] }))).toBe('DECRYPT_FAILED')
  })

  test('asks for verification and both inputs, which are apart', async () => {
    const { get } = browser({})
    await sealRecordOnce()
    const { publicKey } = get.mock.calls[0]![0]
    const { first, second } = publicKey?.extensions?.prf?.eval as { first: Uint8Array; second: Uint8Array }
    expect(publicKey?.userVerification).toBe('required')
    const label = 'age-encryption.org/fido2prf'
    const [place, ...nonce] = first.subarray(label.length)
    expect([fromUtf8(first.subarray(0, label.length)), place, nonce.length]).toEqual([label, 1, 16])
    expect([...second]).toEqual([...utf8(label), 2, ...nonce])
  })

  test.each(['NotAllowedError', 'SecurityError', 'OperationError', 'InvalidStateError', 'UnknownError'])(
    '%s may pass: STORAGE_UNAVAILABLE, retryable, at both ends',
    async (name) => {
      const cipherText = await sealed()
      browser({ get: failing(name) })
      const expected = { code: 'STORAGE_UNAVAILABLE', retryable: true }
      await expect(openBackup({ cipherText, methods: [passkey()] })).rejects.toMatchObject(expected)
      await expect(sealRecordOnce()).rejects.toMatchObject(expected)
    },
  )

  test('a passkey that is refused leaves the next method its chance', async () => {
    browser({})
    const original = record(random)
    const cipherText = await sealBackup({ record: original, methods: [passkey(), cheap('p')] })
    browser({ get: failing('NotAllowedError') })
    expect(await openBackup({ cipherText, methods: [passkey(), cheap('p')] })).toEqual(original)
  })

  test.each<[string, (input: Uint8Array) => unknown]>([
    ['no bytes', () => new ArrayBuffer(0)],
    ['31 bytes', () => new ArrayBuffer(31)],
    ['64 bytes', () => new Uint8Array(64)],
    ['nothing', () => undefined],
    ['text', () => 'x'.repeat(32)],
    ['an empty list', () => []],
    ['a list of text', () => Array.from({ length: 32 }, () => '1')],
    ['a list of larger numbers', () => Array.from({ length: 32 }, () => 256)],
    ['eight floats', () => new Float32Array(7)],
  ])('a PRF that gives %s is refused, finally', async (_, make) => {
    const cipherText = await sealed()
    browser({ get: answering(make) })
    const expected = { code: 'STORAGE_UNAVAILABLE', retryable: false }
    await expect(sealRecordOnce()).rejects.toMatchObject(expected)
    await expect(openBackup({ cipherText, methods: [passkey()] })).rejects.toMatchObject(expected)
  })

  test.each<[string, unknown]>([
    ['none', null],
    ['one without results', { getClientExtensionResults: () => ({}) }],
    ['one of them alone', { getClientExtensionResults: () => ({ prf: { results: { first: new ArrayBuffer(32) } } }) }],
  ])('an answer that is %s is refused', async (_, answer) => {
    browser({ get: async () => answer })
    expect(await codeOf(sealRecordOnce())).toBe('STORAGE_UNAVAILABLE')
  })

  test('an abort reaches the prompt, and is ABORTED', async () => {
    const cipherText = await sealed()
    const prompt: Answer = ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
        queueMicrotask(() => controller.abort())
      })
    let controller = new AbortController()
    browser({ get: prompt })
    expect(await codeOf(openBackup({ cipherText, methods: [passkey()], signal: controller.signal }))).toBe('ABORTED')
    controller = new AbortController()
    const { signal } = controller
    const work = sealBackup({ record: record(random), methods: [passkey()], signal })
    expect(await codeOf(work)).toBe('ABORTED')
  })

  test('no passkey is made where the browser says that it has no PRF', async () => {
    const { create } = browser({ capabilities: { 'extension:prf': false } })
    await expect(createPasskey({ keyName: 'backup' })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: false,
    })
    expect(await codeOf(passkey().probe())).toBe('STORAGE_UNAVAILABLE')
    expect(create).not.toHaveBeenCalled()
  })

  test.each([[undefined], [{}], [{ 'extension:prf': true }]])('one is made where it says %o', async (capabilities) => {
    const { create } = browser({
      ...(capabilities && { capabilities }),
      create: () => Promise.reject(new DOMException('no', 'NotAllowedError')),
    })
    await passkey().probe()
    await expect(createPasskey({ keyName: 'backup' })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    })
    expect(create).toHaveBeenCalledOnce()
  })

  test.each([[undefined], [{}], [{ keyName: '' }], [{ keyName: 7 }], [{ keyName: 'a', rpId: 7 }]])(
    'options %o make none',
    async (options) => {
      const { create } = browser({})
      await expect(createPasskey(options as unknown as { keyName: string })).rejects.toThrow(TypeError)
      expect(create).not.toHaveBeenCalled()
    },
  )
})

async function sealRecordOnce(): Promise<void> {
  await sealBackup({ record: record(random), methods: [passkey()] })
}

describe('passkey by a function of the app', () => {
  const native = (make: (input: Uint8Array) => unknown) => ({
    evaluatePrf: ({ first, second }: PrfRequest) => ({ first: make(first), second: make(second!) }),
  })

  test('needs no WebAuthn, and opens what a browser has sealed', async () => {
    const cipherText = await sealed()
    vi.stubGlobal('PublicKeyCredential', undefined)
    const method = passkey(native(prf))
    await method.probe()
    const original = await openBackup({ cipherText, methods: [method] })
    const again = await sealBackup({ record: original, methods: [method] })
    browser({})
    expect(await openBackup({ cipherText: again, methods: [passkey()] })).toEqual(original)
  })

  test.each<[string, (input: Uint8Array) => unknown]>([
    ['31 bytes', () => new Uint8Array(31)],
    ['64 bytes', () => new Uint8Array(64)],
    ['nothing', () => undefined],
    ['text', () => 'x'.repeat(32)],
  ])('that gives %s is refused, finally', async (_, make) => {
    const work = sealBackup({ record: record(random), methods: [passkey(native(make))] })
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
  })

  test('that throws may be tried again, and one that hangs ends with the signal', async () => {
    const thrown = passkey({ evaluatePrf: () => Promise.reject(new Error('cancelled')) })
    const work = sealBackup({ record: record(random), methods: [thrown] })
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    const controller = new AbortController()
    const { signal } = controller
    const hanging = passkey({ evaluatePrf: () => new Promise(() => {}) })
    const waiting = sealBackup({ record: record(random), methods: [hanging], signal })
    setTimeout(() => controller.abort(), 5)
    expect(await codeOf(waiting)).toBe('ABORTED')
  })

  test('must be a function', () => {
    expect(() => passkey({ evaluatePrf: 'native' as never })).toThrow(TypeError)
  })
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
