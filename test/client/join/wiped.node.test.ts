import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Scalar } from '../../../src/curve/group.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import { CURVES } from '../../../src/types.ts'
import { JOIN_RELAY_INDEX } from '../../../src/wire/join.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { deviceServer } from '../../server/support/devices.ts'
import { readShare } from '../../server/support/read-share.ts'
import { decodeJoinCode, encodeJoinCode } from '../../../src/client/join/code.ts'
import { createDeviceChannel, drawKeyPair } from '../../../src/client/join/device-channel.ts'
import { loadShares } from '../../../src/client/wallets/share-store.ts'
import { readWallet } from '../../../src/client/wallets/wallet-store.ts'
import { generateWallet, resume, type Client, type Transport } from '../../../src/index.ts'
import { keyPairOf } from '../../../src/hpke/x25519.ts'
import { inviteDevice, joinWallet, readJoinCode } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { allocationsOf } from '../../support/allocations.ts'
import { seededRandom } from '../../support/random.ts'
import { newUser } from './support/join-devices.ts'

// No byte array that a join makes holds a secret of it afterwards, on whichever side.

type Body = RoundBody<object>

const random = seededRandom()

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** The secrets of a set that a device stores. */
async function storedSecrets(client: Client, walletId: string): Promise<Uint8Array[]> {
  const record = (await readWallet(client, walletId))!
  const { shares } = await loadShares(client, record, record.activeSetId!)
  return shares.map(({ secretShare }) => secretShare)
}

/** A device with a wallet, and one that joins it and gets other responses than those of the server. */
async function pair(change: (path: string, body: Body, walletId: string) => Body | Promise<Body>) {
  const device = newUser(world, random, false)
  const phone = device('phone')
  const { id: walletId } = await generateWallet(phone)
  await resume(phone)
  const over = ({ request }: Transport): Transport => ({
    async request(one) {
      const response = await request(one)
      if (response.status !== 200 || !one.path.includes('/rounds/')) return response
      const body = await change(`${one.method} ${one.path.slice(-1)}`, decodeRoundBody(response.body) as Body, walletId)
      return { ...response, body: encodeRoundBody(body) }
    },
  })
  return { phone, tablet: device('tablet', { over }), walletId }
}

const groups = CURVES.map((curve) => getGroup(curve))
const ofServer = (round: number) => (one: SessionMessage) =>
  one.sessionIndex < JOIN_RELAY_INDEX && decodeEnvelope(one.envelope).round === round

/** The server's shares of a wallet's newest set. */
async function serverSecrets(walletId: string): Promise<Uint8Array[]> {
  const [row] = await world.database.query(
    `select client_id, set_id from reshare_sets where wallet_id = $1 order by ordinal desc limit 1`,
    [walletId],
  )
  const { context } = deviceServer(world)
  const { shares } = await readShare(context, world.database, String(row!['client_id']), String(row!['set_id']))
  return shares.map(({ secretShare }) => secretShare)
}

/** The device with bytes that were drawn before, and those that it has taken of them, in its order. */
function drawing(client: Client): { readonly client: Client; readonly drawn: readonly Uint8Array[] } {
  const pool = Array.from({ length: 100 }, () => random(128))
  const drawn: Uint8Array[] = []
  const take = (length: number) => {
    drawn.push(pool.pop()!.subarray(0, length))
    return drawn.at(-1).slice()
  }
  return { client: { ...client, random: take }, drawn }
}

test('of two devices of which one joins', async () => {
  const ofServerToo: Scalar[] = []
  const { phone, tablet, walletId } = await pair((request, body) => {
    if (request === 'GET 3') {
      for (const { envelope } of body.messages.filter(ofServer(3))) ofServerToo.push(envelope.slice(42, 74) as Scalar)
    }
    return body
  })
  const [inviting, joining] = [drawing(phone), drawing(tablet)]
  const dealt = await storedSecrets(phone, walletId)
  let psk: Uint8Array | undefined
  const allocations = await allocationsOf(async () => {
    const { code, done } = await joinWallet(joining.client)
    psk = decodeJoinCode(code).psk
    await inviteDevice(inviting.client, { walletId, code })
    await done
  })
  const made = await storedSecrets(tablet, walletId)
  // The invitation's id, the secret key, the pre-shared key; of the phone, its secret key.
  const [joiningKey, shown] = [joining.drawn[1]!, joining.drawn[2]!]
  expect(shown).toEqual(psk)
  const secrets = { joiningKey, invitingKey: inviting.drawn[0]!, psk: shown }
  const left = (secret: Uint8Array) => allocations.holding(secret, [psk!, ...inviting.drawn, ...joining.drawn]).length
  expect(Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, left(secret)]))).toEqual({
    joiningKey: 0,
    invitingKey: 0,
    psk: 0,
  })
  // What a store has is there for as long as the store is.
  expect(dealt.map(left)).toEqual([0, 0])
  expect(made.map(left)).toEqual([1, 1])
  // The new share is the sum of what the server and the inviting device have dealt.
  expect(ofServerToo).toHaveLength(2)
  const ofDevice = made.map((share, i) => groups[i]!.subtract(share as Scalar, ofServerToo[i]!))
  expect(ofDevice.map(left)).toEqual([0, 0])
})

test.each([
  ['GET 1', 1],
  ['POST 2', 2],
  ['GET 3', 4],
])('of a join that ends at %s, without the messages of round %i', async (last, leftOut) => {
  let ofServer3: Uint8Array[] | undefined
  const { phone, tablet, walletId } = await pair(async (request, body, walletId) => {
    if (request !== last || body.messages.length === 0) return body
    if (last === 'GET 3') ofServer3 ??= await serverSecrets(walletId)
    return { ...body, messages: body.messages.filter((one) => !ofServer(leftOut)(one)) }
  })
  const [dealt, ofServer1] = [await storedSecrets(phone, walletId), await serverSecrets(walletId)]
  const allocations = await allocationsOf(async () => {
    const { code, done } = await joinWallet(tablet)
    await Promise.all([
      expect(inviteDevice(phone, { walletId, code })).rejects.toMatchObject({ code: 'JOIN_CANCELLED' }),
      expect(done).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' }),
    ])
  })
  const left = (secret: Uint8Array) => allocations.holding(secret).length
  const twice = groups.map((group, i) => group.add(dealt[i] as Scalar, dealt[i] as Scalar))
  // The share, and what it deals: twice the share, as the Lagrange coefficient says.
  expect([...dealt, ...twice].map(left)).toEqual([0, 0, 0, 0])
  if (ofServer3 === undefined) return
  // Parties 1 and 2 make the key as 2·s1 − s2, which gives the share that the joining device had made.
  const made = groups.map((group, i) => {
    const key = group.subtract(twice[i]!, ofServer1[i] as Scalar)
    return group.multiply(group.add(key, ofServer3![i] as Scalar), group.invert(group.scalar(2)))
  })
  expect(made.map(left)).toEqual([0, 0])
})

test('of a message to the other device', async () => {
  const [own, peer] = [await drawKeyPair(random), await drawKeyPair(random)]
  const agreed = { invitationId: '0a'.repeat(16), joiningKey: peer.publicKey, psk: random(32), random }
  const channel = createDeviceChannel({ side: 'inviting', ...agreed, own })
  const plaintext = random(8)
  let message: Uint8Array = new Uint8Array()
  const allocations = await allocationsOf(async () => {
    message = await channel.seal(plaintext)
  })
  const encapsulated = toHex(message.subarray(33, 65))
  // @noble/curves leaves its copy of a secret key with bits set and cleared, as X25519 does: ours are no such copies.
  const isClamped = (bytes: Uint8Array) => (bytes[0]! & 7) === 0 && (bytes[31]! & 0xc0) === 0x40
  const isEphemeral = (bytes: Uint8Array) => toHex(keyPairOf(bytes.slice()).publicKey) === encapsulated
  const keys = allocations.made.filter((bytes) => bytes.length === 32 && bytes.some(Boolean) && !isClamped(bytes))
  expect(keys.length).toBeGreaterThan(0)
  expect(keys.filter(isEphemeral)).toEqual([])
})

test('of a code that is read, or refused', async () => {
  const psk = random(32)
  const code = encodeJoinCode({ invitationId: '0a'.repeat(16), publicKey: key(), deviceId: null, psk })
  const spoilt = `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`
  for (const [text, isRead] of [
    [code, true],
    [spoilt, false],
  ] as const) {
    const allocations = await allocationsOf(() => {
      if (isRead) readJoinCode(text)
      else expect(() => readJoinCode(text)).toThrow()
    })
    expect(allocations.holding(psk)).toEqual([])
  }
  const allocations = await allocationsOf(() =>
    encodeJoinCode({ invitationId: '0a'.repeat(16), publicKey: key(), deviceId: null, psk }),
  )
  expect(allocations.holding(psk, [psk])).toEqual([])
})

function key(): Uint8Array {
  const bytes = random(32)
  bytes[31]! &= 0x7f
  return bytes
}
