import { expect, test } from 'vitest'
import { openRequest, sealRequest } from '../../src/channel/seal.ts'
import { stableKeyPair } from '../../src/hpke/agree.ts'
import { setupAuthReceiver } from '../../src/hpke/auth.ts'
import { agreeOnce, generateKeyPair } from '../../src/hpke/x25519.ts'
import { concatBytes, utf8 } from '../../src/util/bytes.ts'
import { CodecError } from '../../src/util/codec.ts'
import { hedgedRandom } from '../../src/util/hedge.ts'
import { allocationsOf } from '../support/allocations.ts'
import { hmac, scheduleOf } from '../support/hpke-schedule.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom()
const [server, device] = [generateKeyPair(random), generateKeyPair(random)]
const [request, response] = [random(64), random(64)]
const INFO = utf8('reshare/v1/wallet/channel/request')

/** All secrets of a request, by what only the server's key tells. */
function secretsOf(message: Uint8Array): Uint8Array[] {
  const encapsulated = message.slice(41, 73)
  const dhs = [agreeOnce(server.secretKey, encapsulated), agreeOnce(server.secretKey, device.publicKey)]
  const kemContext = concatBytes(encapsulated, server.publicKey, device.publicKey)
  return [...dhs, ...Object.values(scheduleOf(2, concatBytes(...dhs), INFO, kemContext))]
}

/** The secrets of a response (RFC 9458 §4.4): what the request's context exports, and what leads from there to the key. */
async function responseSecrets(message: Uint8Array, sealed: Uint8Array): Promise<Uint8Array[]> {
  const encapsulated = message.slice(41, 73)
  const context = await setupAuthReceiver(server, device.publicKey, encapsulated, INFO)
  const secret = context.export(utf8('reshare/v1/wallet/channel/response'), 32)
  const prk = hmac(concatBytes(encapsulated, sealed.slice(1, 33)), secret)
  return [secret, prk, hmac(prk, utf8('key'), Uint8Array.of(1))]
}

test('a request leaves no ephemeral key, and nothing of a caller is wiped', async () => {
  await stableKeyPair(random(32))
  let entropy = random(32)
  const drawn: Uint8Array[] = []
  const source = () => (drawn.push(entropy.slice()), drawn.at(-1))
  const drawKey = () => hedgedRandom(source, 'ephemeral key', device.secretKey, server.publicKey, INFO, request)(32)
  let expected = drawKey()
  // @noble/curves leaves its copy of a secret key with bits set and cleared, as X25519 does: ours is no such copy.
  while ((expected[0]! & 7) === 0) {
    entropy = random(32)
    expected = drawKey()
  }
  drawn.length = 1
  const allocations = await allocationsOf(() => sealRequest(server.publicKey, device, request, source))
  expect(allocations.holding(expected)).toEqual([])
  expect(drawn).toEqual([new Uint8Array(32), new Uint8Array(32)])
  expect(device.secretKey).not.toEqual(new Uint8Array(32))
})

test('an exchange leaves no secret once its response is opened', async () => {
  await stableKeyPair(random(32))
  let [message, sealed]: Uint8Array[] = []
  const allocations = await allocationsOf(async () => {
    const ours = await sealRequest(server.publicKey, device, request, random)
    const theirs = await openRequest([server], ours.message, random)
    ;[message, sealed] = [ours.message, theirs.sealResponse(response)]
    expect(ours.openResponse(sealed)).toEqual(response)
  })
  for (const secret of [...secretsOf(message!), ...(await responseSecrets(message!, sealed!))]) {
    expect(allocations.holding(secret)).toEqual([])
  }
})

test('a response that does not open leaves no secret either', async () => {
  const ours = await sealRequest(server.publicKey, device, request, random)
  const sealed = (await openRequest([server], ours.message, random)).sealResponse(response)
  const secrets = await responseSecrets(ours.message, sealed)
  for (const bad of [sealed.with(0, 2), sealed.with(-1, sealed.at(-1) ^ 1)]) {
    const allocations = await allocationsOf(() => expect(() => ours.openResponse(bad)).toThrow())
    for (const secret of secrets) expect(allocations.holding(secret)).toEqual([])
  }
})

test('a request that does not open leaves no secret', async () => {
  await stableKeyPair(random(32))
  const { message } = await sealRequest(server.publicKey, device, request, random)
  const allocations = await allocationsOf(() =>
    expect(openRequest([server], message.with(-1, message.at(-1) ^ 1), random)).rejects.toThrow(CodecError),
  )
  for (const secret of secretsOf(message)) expect(allocations.holding(secret)).toEqual([])
})

test('where the random source repeats, no two requests and no two responses share a key', async () => {
  const stuck = () => new Uint8Array(32)
  const sent = await Promise.all(
    [request, response].map((plain) => sealRequest(server.publicKey, device, plain, stuck)),
  )
  expect(sent[0]!.message.slice(41, 73)).not.toEqual(sent[1]!.message.slice(41, 73))
  // A request that a relay sends again may get another response.
  const responses = await Promise.all(
    [request, response].map(async (plain) =>
      (await openRequest([server], sent[0]!.message, stuck)).sealResponse(plain),
    ),
  )
  expect(responses[0]!.slice(1, 33)).not.toEqual(responses[1]!.slice(1, 33))
})
