import { webauthn } from 'age-encryption'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPasskey } from '../../src/storage/lock.ts'
import { decodeBech32, encodeBech32 } from '../../src/util/bech32.ts'
import { decodeIdentity, encodeIdentity } from '../../src/webauthn/identity.ts'
import { code } from '../support/code.ts'
import { browser } from '../support/passkeys.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()

afterEach(() => {
  vi.unstubAllGlobals()
})

const IDENTITIES = [0, 1, 16, 23, 24, 64, 255, 256, 1023].map((length, i) => ({
  credentialId: random(length),
  rpId: ['a', 'app.example', 'xn--bcher-kva.example'][i % 3]!,
  transports: ['internal', 'hybrid', 'usb', 'nfc', 'ble', 'smart-card'].slice(0, i % 7),
}))

/** How age reads an identity. */
function readByAge(identity: string) {
  const { credId, rpId, transports } = new webauthn.WebAuthnRecipient({ identity }) as unknown as Record<
    string,
    unknown
  >
  return { credentialId: credId, rpId, transports }
}

/** What the browser gives for a new passkey. */
const credential = (identity: (typeof IDENTITIES)[number], enabled: unknown = true) => ({
  rawId: new Uint8Array(identity.credentialId).buffer,
  response: { getTransports: () => identity.transports },
  getClientExtensionResults: () => ({ prf: { enabled } }),
})

describe('the identity of a passkey', () => {
  test.each(IDENTITIES)('is read as it was written, here and by age', (identity) => {
    const text = encodeIdentity(identity)
    expect(decodeIdentity(text)).toEqual(identity)
    expect(decodeIdentity(text.toLowerCase())).toEqual(identity)
    expect(readByAge(text)).toEqual(identity)
  })

  test('is written as age does', async () => {
    for (const identity of IDENTITIES) {
      browser({ create: async () => credential(identity) })
      const options = { keyName: 'wallet', rpId: identity.rpId }
      expect(await createPasskey(options)).toBe(await webauthn.createCredential(options))
    }
  })

  test('is refused with any other character, cut or lengthened', () => {
    const text = encodeIdentity(IDENTITIES[3]!)
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'Q' ? 'P' : 'Q'
      expect(() => decodeIdentity(text.slice(0, at) + other + text.slice(at + 1))).toThrow(TypeError)
      expect(() => decodeIdentity(text.slice(0, at))).toThrow(TypeError)
    }
    for (const wrong of [`${text}Q`, text.toLowerCase().replace('a', 'A'), '', 'AGE-PLUGIN-FIDO2PRF-1', undefined, 7]) {
      expect(() => decodeIdentity(wrong)).toThrow(TypeError)
    }
  })

  test.each<[string, number[]]>([
    ['another version', [2, 0x41, 1, 0x61, 97, 0x80]],
    ['another type', [1, 0x61, 97, 0x61, 97, 0x80]],
    ['a part that is not there', [1, 0x42, 1]],
    ['bytes after it', [1, 0x41, 1, 0x61, 97, 0x80, 0]],
    ['a length of four bytes', [1, 0x5a, 0, 0, 0, 1, 1, 0x61, 97, 0x80]],
    ['text that is not UTF-8', [1, 0x41, 1, 0x61, 0xff, 0x80]],
  ])('with %s is refused', (_, bytes) => {
    expect(() => decodeIdentity(encodeBech32('age-plugin-fido2prf-', Uint8Array.from(bytes)))).toThrow(TypeError)
  })
})

describe('Bech32', () => {
  test('of the examples of BIP 173', () => {
    expect(decodeBech32('a', 'A12UEL5L')).toEqual(new Uint8Array(0))
    expect(encodeBech32('a', new Uint8Array(0))).toBe('a12uel5l')
    // Padding that is not of zeros, and more than five bits of it.
    expect(() => decodeBech32('split', 'split1cheo2y9e2w')).toThrow(TypeError)
    expect(() => decodeBech32('a', 'A1G7SGD8')).toThrow(TypeError)
  })

  test('has no other padding than zeros', () => {
    for (const length of [1, 2, 3, 4, 5, 6]) {
      const bytes = random(length)
      expect(decodeBech32('p', encodeBech32('p', bytes))).toEqual(bytes)
    }
  })
})

describe('a passkey that is made', () => {
  test('must be a discoverable one of a verified user, with PRF', async () => {
    const { create } = browser({ create: async () => credential(IDENTITIES[2]!) })
    // A browser has its own, which nobody replaces.
    if (typeof location === 'undefined') vi.stubGlobal('location', { hostname: 'page.example' })
    expect(decodeIdentity(await createPasskey({ keyName: 'wallet' })).rpId).toBe(location.hostname)
    const [[options]] = create.mock.calls as unknown as [[CredentialCreationOptions]]
    expect(options.publicKey).toMatchObject({
      rp: { name: '' },
      user: { name: 'wallet' },
      authenticatorSelection: { requireResidentKey: true, residentKey: 'required', userVerification: 'required' },
      extensions: { prf: {} },
    })
  })

  test.each([[false], [null], ['yes']])('with PRF %s is refused, finally', async (enabled) => {
    browser({ create: async () => credential(IDENTITIES[2]!, enabled) })
    const work = createPasskey({ keyName: 'wallet', rpId: 'a' })
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: false })
  })

  test('by no browser is refused', async () => {
    browser({ create: async () => null })
    await expect(createPasskey({ keyName: 'wallet', rpId: 'a' })).rejects.toThrow(code('STORAGE_UNAVAILABLE'))
  })
})
