import { afterEach, expect, test, vi } from 'vitest'
import { x25519 } from '@noble/curves/ed25519.js'
import { seededRandom } from '../support/random.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.doUnmock('../../src/hpke/x25519.ts')
})

const [secretKey, publicKey] = [seededRandom()(32), x25519.getPublicKey(seededRandom()(32))]
const webcrypto = globalThis.crypto
const { subtle } = webcrypto
const SMALL = new Uint8Array(32)

/** The module as it is in a runtime with this WebCrypto. */
async function moduleWith(subtle: unknown) {
  vi.resetModules()
  vi.stubGlobal('crypto', { subtle, getRandomValues: webcrypto.getRandomValues.bind(webcrypto) })
  return import('../../src/hpke/agree.ts')
}

const counted = () => {
  const deriveBits = vi.fn(subtle.deriveBits.bind(subtle))
  return { importKey: subtle.importKey.bind(subtle), deriveBits }
}

test('the platform agrees where it can, and secret keys never meet the portable code', async () => {
  const agreeOnce = vi.fn()
  vi.doMock(import('../../src/hpke/x25519.ts'), async (importOriginal) => {
    const original = await importOriginal()
    agreeOnce.mockImplementation(original.agreeOnce)
    return { ...original, agreeOnce }
  })
  const platform = counted()
  const { agree } = await moduleWith(platform)
  expect(await agree(secretKey, publicKey)).toHaveLength(32)
  await expect(agree(secretKey, SMALL)).rejects.toThrow('small order')
  expect(platform.deriveBits).toHaveBeenCalled()
  expect(agreeOnce).not.toHaveBeenCalledWith(secretKey, expect.anything())
})

test('a platform that fails later does so with its own error: the public key is not to blame', async () => {
  const platform = counted()
  const { agree } = await moduleWith(platform)
  await agree(secretKey, publicKey)
  platform.deriveBits.mockRejectedValueOnce(new DOMException('out of handles', 'OperationError'))
  await expect(agree(secretKey, publicKey)).rejects.toThrow('out of handles')
})

const WITHOUT: [string, unknown][] = [
  ['no WebCrypto', undefined],
  ['a WebCrypto without X25519', { importKey: () => Promise.reject(new DOMException('no', 'NotSupportedError')) }],
  ['one that gives something else', { ...counted(), deriveBits: garbling() }],
  ['one that takes keys of small order', { ...counted(), deriveBits: lenient() }],
]

test.each(WITHOUT)('%s: the portable code does', async (_, platform) => {
  const { agree, stableKeyPair } = await moduleWith(platform)
  expect(await agree(secretKey, publicKey)).toEqual(x25519.getSharedSecret(secretKey, publicKey))
  expect((await stableKeyPair(secretKey)).publicKey).toEqual(x25519.getPublicKey(secretKey))
  await expect(agree(secretKey, SMALL)).rejects.toThrow('small order')
})

function garbling() {
  return async (...parameters: Parameters<SubtleCrypto['deriveBits']>) =>
    new Uint8Array(await subtle.deriveBits(...parameters)).reverse().buffer
}

function lenient() {
  return async (...[algorithm, key, length]: Parameters<SubtleCrypto['deriveBits']>) =>
    subtle.deriveBits(algorithm, key, length).catch(() => new ArrayBuffer(32))
}
