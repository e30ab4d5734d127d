import { afterEach, describe, expect, test, vi } from 'vitest'
import { sha256 } from '@noble/hashes/sha2.js'
import { memoryStore } from '../../../src/storage/index.ts'
import { lockedStore, passkeyLock } from '../../../src/storage/lock.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { encodeIdentity } from '../../../src/webauthn/identity.ts'
import { code } from '../../support/code.ts'
import { answering, browser, failing, prf } from '../../support/passkeys.ts'
import { secretOf } from './support/locks.ts'

const INPUT = utf8('reshare/v1/device-lock/prf')
const identity = encodeIdentity({ credentialId: secretOf(4), rpId: 'app.example', transports: ['internal', 'hybrid'] })

afterEach(() => {
  vi.unstubAllGlobals()
})

/** Authenticator data whose flags say whether the user was verified. */
const verified = (flag: number) => ({
  authenticatorData: Uint8Array.from({ length: 37 }, (_, i) => (i === 32 ? flag : 0)).buffer,
})

describe('a passkey lock', () => {
  test('asks for the PRF of the passkey that it names, with verification, and gives its 32 bytes', async () => {
    const { get } = browser({})
    expect(await passkeyLock({ identity }).unlock()).toEqual(sha256(INPUT))
    const { publicKey } = get.mock.calls[0]![0]
    expect(publicKey).toMatchObject({
      allowCredentials: [{ type: 'public-key', id: secretOf(4), transports: ['internal', 'hybrid'] }],
      rpId: 'app.example',
      userVerification: 'required',
      extensions: { prf: { eval: { first: INPUT } } },
    })
    expect(publicKey!.extensions!.prf!.eval).not.toHaveProperty('second')
    expect(publicKey!.challenge.byteLength).toBe(16)
  })

  test('without an identity lets the user choose among those of the domain', async () => {
    const { get } = browser({})
    await passkeyLock().unlock()
    await passkeyLock({ rpId: 'app.example' }).unlock()
    const requests = get.mock.calls.map(([{ publicKey }]) => [publicKey!.allowCredentials, publicKey!.rpId])
    expect(requests).toEqual([
      [[], undefined],
      [[], 'app.example'],
    ])
  })

  test.each([['NotAllowedError'], ['InvalidStateError'], ['UnknownError']])('%s may be tried again', async (name) => {
    browser({ get: failing(name) })
    const store = lockedStore(memoryStore(), passkeyLock({ identity }))
    await expect(store.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
    browser({})
    await store.probe()
  })

  test('of a user who was not verified opens nothing', async () => {
    browser({ get: answering(prf, verified(1)) })
    await expect(passkeyLock({ identity }).unlock()).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    browser({ get: answering(prf, verified(5)) })
    await passkeyLock({ identity }).unlock()
  })

  test.each<[string, unknown]>([
    ['no bytes', new ArrayBuffer(0)],
    ['31 bytes', secretOf(5).slice(1)],
    ['33 bytes', Uint8Array.from({ length: 33 }, (_, i) => i)],
    ['zeros', new ArrayBuffer(32)],
    ['equal bytes', new Uint8Array(32).fill(7)],
    ['nothing', undefined],
    ['text', 'x'.repeat(32)],
  ])('whose PRF gives %s is refused by probe, finally', async (_, result) => {
    browser({ get: answering(() => result) })
    const lock = passkeyLock({ identity })
    await expect(lock.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
    expect(lock.isOpen()).toBe(false)
    const native = passkeyLock({ evaluatePrf: () => ({ first: result }) })
    await expect(native.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
  })

  test('where there is no WebAuthn is refused, unless the app asks for the passkey', async () => {
    vi.stubGlobal('PublicKeyCredential', undefined)
    await expect(passkeyLock({ identity }).probe()).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    const evaluatePrf = vi.fn(() => ({ first: secretOf(6) }))
    expect(await passkeyLock({ identity, evaluatePrf }).unlock()).toEqual(secretOf(6))
    expect(evaluatePrf).toHaveBeenCalledWith({
      first: INPUT,
      credentialId: secretOf(4),
      rpId: 'app.example',
      transports: ['internal', 'hybrid'],
      signal: expect.any(AbortSignal) as AbortSignal,
    })
  })

  test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => unknown]>([
    ['bytes', (bytes) => bytes],
    ['a buffer', (bytes) => bytes.buffer],
    ['a view', (bytes) => new DataView(bytes.buffer)],
  ])('leaves what the app gave as %s as it is, and opens with it again', async (_, as) => {
    const given = secretOf(6)
    const lock = passkeyLock({ evaluatePrf: () => ({ first: as(given as Uint8Array<ArrayBuffer>) }) })
    const store = lockedStore(memoryStore(), lock)
    await store.write('share/a', secretOf(1), null)
    lock.lock()
    await new Promise((resolve) => setTimeout(resolve))
    expect(given).toEqual(secretOf(6))
    expect((await store.read('share/a'))?.value).toEqual(secretOf(1))
  })

  test('wipes what the browser gave', async () => {
    const given = secretOf(6)
    browser({ get: answering(() => given.buffer) })
    expect(await passkeyLock({ identity }).unlock()).toEqual(secretOf(6))
    expect(given).toEqual(new Uint8Array(32))
  })

  test('ends its prompt with the signal, by lock(), and in the store', async () => {
    const signals: AbortSignal[] = []
    browser({
      get: ({ signal }) =>
        new Promise((_, reject) => {
          signals.push(signal!)
          signal!.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
        }),
    })
    const lock = passkeyLock({ identity })
    const inner = memoryStore()
    const controller = new AbortController()
    const work = lockedStore(inner, lock).write('share/a', secretOf(1), null, { signal: controller.signal })
    controller.abort()
    await expect(work).rejects.toThrow(code('ABORTED'))
    const second = lock.unlock()
    lock.lock()
    await expect(second).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(await inner.list('')).toEqual([])
  })

  test.each<[object, unknown]>([
    [{ identity: 'AGE-PLUGIN-FIDO2PRF-1QQ' }, TypeError],
    [{ identity: 7 }, TypeError],
    [{ rpId: 7 }, TypeError],
    [{ evaluatePrf: 'native' }, TypeError],
    [{ openForMs: 0 }, RangeError],
  ])('with options %o is refused at once', (options, error) => {
    expect(() => passkeyLock(options as never)).toThrow(error)
  })
})
