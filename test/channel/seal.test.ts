import { describe, expect, test } from 'vitest'
import { openRequest, REQUEST_OVERHEAD, sealRequest } from '../../src/channel/seal.ts'
import { setupAuthSender } from '../../src/hpke/auth.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'
import { flip } from '../support/simulator.ts'

const random = seededRandom()
const server = generateKeyPair(random)
const old = generateKeyPair(random)
const device = generateKeyPair(random)
const request = utf8('sign this')
const response = utf8('signed')

const seal = () => sealRequest(server.publicKey, device, request, random)
const open = (message: Uint8Array) => openRequest([server], message, random)

describe('an exchange', () => {
  test('carries a request and its response, and tells the device', async () => {
    const sealed = await seal()
    const opened = await open(sealed.message)
    expect(opened.plaintext).toEqual(request)
    expect(opened.device).toEqual(device.publicKey)
    expect(sealed.message).toHaveLength(request.length + REQUEST_OVERHEAD)
    expect(sealed.openResponse(opened.sealResponse(response))).toEqual(response)
  })

  test('has one response on either side: another would be sealed by zeros', async () => {
    const sealed = await seal()
    const opened = await open(sealed.message)
    const first = opened.sealResponse(response)
    expect(() => opened.sealResponse(response)).toThrow('one response')
    sealed.openResponse(first)
    expect(() => sealed.openResponse(first)).toThrow('one response')
  })

  test('no two are alike, whatever they carry', async () => {
    const [one, two] = [await seal(), await seal()]
    expect(one.message.slice(41)).not.toEqual(two.message.slice(41))
    const [a, b] = [await open(one.message), await open(one.message)]
    // A request that is sent again is responded to again, by another key.
    expect(a.sealResponse(response)).not.toEqual(b.sealResponse(response))
  })

  test('every byte of a request counts', async () => {
    const { message } = await seal()
    for (let at = 0; at < message.length; at++) await expect(open(flip(message, at))).rejects.toThrow(CodecError)
  })

  test('every byte of a response counts', async () => {
    const length = (await open((await seal()).message)).sealResponse(response).length
    for (let at = 0; at < length; at += 5) {
      const sealed = await seal()
      const sent = (await open(sealed.message)).sealResponse(response)
      expect(() => sealed.openResponse(flip(sent, at))).toThrow(CodecError)
    }
  })

  test('neither is less or more than it is', async () => {
    const { message } = await seal()
    for (const length of [0, 1, 8, 9, 41, 72, 73, REQUEST_OVERHEAD - 1, REQUEST_OVERHEAD, message.length - 1]) {
      await expect(open(message.slice(0, length))).rejects.toThrow(CodecError)
    }
    await expect(open(new Uint8Array([...message, 0]))).rejects.toThrow(CodecError)
    for (const length of [0, 1, 32, 33, 48, 49, 54]) {
      const sealed = await seal()
      const sent = (await open(sealed.message)).sealResponse(response)
      expect(() => sealed.openResponse(sent.slice(0, length))).toThrow(CodecError)
    }
  })

  test('a key that the server no longer has, or never had, opens nothing', async () => {
    const sealed = await sealRequest(old.publicKey, device, request, random)
    await expect(open(sealed.message)).rejects.toThrow(CodecError)
    const moved = await openRequest([server, old], sealed.message, random)
    expect(sealed.openResponse(moved.sealResponse(response))).toEqual(response)
    // The id of one key with what is sealed to another.
    const renamed = sealed.message.slice()
    renamed.set(server.publicKey.subarray(0, 8), 1)
    await expect(openRequest([server, old], renamed, random)).rejects.toThrow(CodecError)
  })

  test('another version is refused, however well it is sealed', async () => {
    const ephemeral = generateKeyPair(random)
    const info = utf8('reshare/v1/wallet/channel/request')
    for (const version of [1, 2]) {
      const context = await setupAuthSender(server.publicKey, device, ephemeral, info)
      const header = concatBytes(Uint8Array.of(version), server.publicKey.slice(0, 8), device.publicKey)
      const opening = open(concatBytes(header, ephemeral.publicKey, context.seal(header, request)))
      if (version === 1) expect((await opening).plaintext).toEqual(request)
      else await expect(opening).rejects.toThrow('another version')
    }
  })

  test("a device's request is not another's", async () => {
    const { message } = await seal()
    const other = generateKeyPair(random)
    message.set(other.publicKey, 9)
    await expect(open(message)).rejects.toThrow(CodecError)
  })

  test('a device has one name', async () => {
    const other = device.publicKey.slice().fill((device.publicKey[31] as number) | 0x80, 31)
    const sealed = await sealRequest(server.publicKey, { ...device, publicKey: other }, request, random)
    await expect(open(sealed.message)).rejects.toThrow('not canonical')
  })

  test('responses are not swapped, and no request is a response', async () => {
    const [one, two] = [await seal(), await seal()]
    const sent = (await open(two.message)).sealResponse(response)
    expect(() => one.openResponse(sent)).toThrow(CodecError)
    expect(() => two.openResponse(two.message)).toThrow(CodecError)
    await expect(open(sent)).rejects.toThrow(CodecError)
  })

  test('whoever knows the pinned key alone cannot respond', async () => {
    const sealed = await seal()
    // Knows all that the wire shows, and has keys of its own.
    const impostor = { secretKey: device.secretKey, publicKey: server.publicKey }
    await expect(openRequest([impostor], sealed.message, random)).rejects.toThrow(CodecError)
  })

  test('nothing is sealed to a key of small order', async () => {
    await expect(sealRequest(new Uint8Array(32), device, request, random)).rejects.toThrow(CodecError)
  })
})
