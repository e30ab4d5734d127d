import { chacha20, chacha20poly1305 as nobleChaCha, hchacha, xchacha20 } from '@noble/ciphers/chacha.js'
import { extract as nobleExtract } from '@noble/hashes/hkdf.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { expect, test, vi } from 'vitest'
import { toHex } from '../../src/util/bytes.ts'
import { allocationsOf } from '../support/allocations.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const [key, nonce, longNonce, secret] = [random(32), random(12), random(24), random(200)]

/** As words of 32 bits are kept whose bytes are read from the highest to the lowest. */
const turned = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (_, i) => bytes[i ^ 3]!)

/** What arrays hold of some secrets once a call is over, but for what it returned. */
async function leftBy(call: (modules: Modules) => Uint8Array, secrets: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const results: Uint8Array[] = []
  const allocations = await allocationsOf(async () => {
    // Arrays of a module are made when it is.
    vi.resetModules()
    results.push(call(await importAll()))
  }, ['Uint8Array', 'Int32Array', 'Float64Array'])
  expect(allocations.made.length).toBeGreaterThan(3)
  return secrets.flatMap((bytes) => allocations.holding(bytes, results))
}

type Modules = Awaited<ReturnType<typeof importAll>>

async function importAll() {
  return {
    ...(await import('../../src/symmetric/chacha20-poly1305.ts')),
    ...(await import('../../src/symmetric/expand-message.ts')),
    ...(await import('../../src/symmetric/hkdf.ts')),
    ...(await import('../../src/symmetric/hmac.ts')),
    ...(await import('../../src/symmetric/keccak256.ts')),
    ...(await import('../../src/symmetric/poly1305.ts')),
    ...(await import('../../src/symmetric/sha256.ts')),
    ...(await import('../../src/symmetric/sha512.ts')),
  }
}

/** Both orders of the bytes of a block's first eight. */
const both = (bytes: Uint8Array): Uint8Array[] => [bytes, turned(bytes)]

test.each(['sha256', 'sha512', 'keccak256'] as const)(
  '%s leaves nothing of its message or its result',
  async (hash) => {
    for (const length of [20, 64, 200]) {
      const message = secret.slice(0, length)
      const last = message.slice(-12)
      const digest = (await importAll())[hash](message).slice(0, 16)
      const secrets = [message.slice(0, 8), last, digest].flatMap(both)
      expect(await leftBy((modules) => modules[hash](message), secrets)).toEqual([])
    }
  },
)

test('a hash that has begun leaves nothing of its blocks', async () => {
  const blocks = secret.slice(0, 128)
  const run = ({ continueSha256, startSha256 }: Modules) => {
    continueSha256(startSha256(new Uint8Array(0)), blocks)
    return blocks
  }
  expect(await leftBy(run, both(blocks.slice(64, 72)))).toEqual([])
})

test.each(['hmacSha256', 'hmacSha512'] as const)('%s leaves neither key nor padded keys', async (hmac) => {
  for (const length of [32, 200]) {
    const own = secret.slice(0, length)
    const padded = [0x36, 0x5c].map((pad) => own.slice(0, 8).map((byte) => byte ^ pad))
    const secrets = [own.slice(0, 8), ...padded].flatMap(both)
    expect(await leftBy((modules) => modules[hmac](own, random(100)), secrets)).toEqual([])
  }
})

test('HKDF leaves neither secret nor extracted key, nor blocks that are not its result', async () => {
  const extracted = nobleExtract(nobleSha256, key, nonce)
  const secrets = [key, extracted].map((bytes) => bytes.slice(0, 8)).flatMap(both)
  expect(await leftBy((modules) => modules.hkdf(key, nonce, random(10), 70), secrets)).toEqual([])
})

test('expandMessage leaves nothing of its message', async () => {
  const message = secret.slice(0, 40)
  const domain = random(20)
  expect(await leftBy((modules) => modules.expandMessage(message, domain, 96), both(message.slice(0, 8)))).toEqual([])
})

test('sealing and opening leave neither key nor key stream', async () => {
  const stream = chacha20(key, nonce, new Uint8Array(200))
  const secrets = [key.slice(0, 16), stream.slice(0, 16), stream.slice(16, 32), stream.slice(64, 80)]
  const sealing = (modules: Modules) => modules.chacha20poly1305(key, nonce)
  let sealed = new Uint8Array(0)
  expect(await leftBy((modules) => (sealed = sealing(modules).encrypt(secret) as typeof sealed), secrets)).toEqual([])
  expect(await leftBy((modules) => sealing(modules).decrypt(sealed), secrets)).toEqual([])
  const forged = sealed.slice()
  forged[0]! ^= 1
  const refused = (modules: Modules) => {
    expect(() => sealing(modules).decrypt(forged)).toThrow('the tag does not fit')
    return forged
  }
  // Who learns the tag that would have fitted has forged a message.
  const other = secret.slice()
  other[0]! ^= 1
  const tag = nobleChaCha(key, nonce).encrypt(other).slice(-16)
  expect(await leftBy(refused, [...secrets, secret.slice(16, 32), tag])).toEqual([])
})

test('XChaCha20-Poly1305 leaves no derived key', async () => {
  const derived = new Uint32Array(8)
  const words = (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer)
  const constants = words(new TextEncoder().encode('expand 32-byte k'))
  hchacha(constants, words(key), words(longNonce.slice(0, 16)), derived)
  const bytes = new Uint8Array(derived.buffer)
  const stream = xchacha20(key, longNonce, new Uint8Array(80))
  const secrets = [key.slice(0, 16), bytes.slice(0, 16), stream.slice(0, 16)]
  expect(await leftBy((modules) => modules.xchacha20poly1305(key, longNonce).encrypt(secret), secrets)).toEqual([])
})

test('Poly1305 leaves neither r nor the last sum', async () => {
  const message = random(40)
  const r = key
    .slice(0, 16)
    .map((byte, i) => byte & ([255, 252][Number(i > 3 && i % 4 === 0)]! & [255, 15][Number(i % 4 === 3)]!))
  // The lower two limbs as floating-point numbers.
  const low = r[0]! | (r[1]! << 8) | ((r[2]! & 63) << 16)
  const secrets = [r, new Uint8Array(Float64Array.of(low).buffer)]
  expect(await leftBy((modules) => modules.poly1305(key, message), secrets)).toEqual([])
})

// What is not named above: two calls leave the same, whatever the secret.
test.each<[string, (modules: Modules, bytes: Uint8Array) => Uint8Array]>([
  ['sha256', ({ sha256 }, bytes) => sha256(bytes)],
  ['sha512', ({ sha512 }, bytes) => sha512(bytes)],
  ['keccak256', ({ keccak256 }, bytes) => keccak256(bytes)],
  ['hmacSha256', ({ hmacSha256 }, bytes) => hmacSha256(bytes, bytes)],
  ['hmacSha512', ({ hmacSha512 }, bytes) => hmacSha512(bytes, bytes)],
  ['hkdf', ({ hkdf }, bytes) => hkdf(bytes, undefined, nonce, 70)],
  ['expandMessage', ({ expandMessage }, bytes) => expandMessage(bytes, nonce, 70)],
  ['poly1305', ({ poly1305 }, bytes) => poly1305(bytes.subarray(0, 32), bytes)],
])('%s leaves nothing that depends on what it is given', async (_, call) => {
  const modules = await importAll()
  const leftovers = async (bytes: Uint8Array): Promise<string[]> => {
    const results: Uint8Array[] = []
    const { made } = await allocationsOf(
      () => results.push(call(modules, bytes)),
      ['Uint8Array', 'Int32Array', 'Float64Array'],
    )
    const [result] = results
    return made
      .filter(({ buffer }) => buffer !== bytes.buffer && buffer !== result?.buffer)
      .map((array) => toHex(array))
      .filter((hex) => /[^0]/.test(hex))
  }
  expect(await leftovers(random(200))).toEqual(await leftovers(random(200)))
})
