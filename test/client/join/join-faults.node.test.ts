import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateWallet, resume, type Transport, type TransportRequest } from '../../../src/index.ts'
import { createDeviceChannel, drawKeyPair } from '../../../src/client/join/device-channel.ts'
import { receiveRound } from '../../../src/client/join/join-rounds.ts'
import type { JoinSessions } from '../../../src/client/join/join-sessions.ts'
import { readWallet } from '../../../src/client/wallets/wallet-store.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { encodeRoundBody } from '../../../src/wire/round-body.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'
import { losingAnswers, spoilingAnswers, watchedStore } from '../support/faults.ts'
import { join, newUser } from './support/join-devices.ts'

const random = seededRandom()

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

const isRequest = (method: string, end: string) => (request: TransportRequest) =>
  request.method === method && request.path.endsWith(end)

/** Keeps the requests to abort, which get no response. */
function holdingAborts(transport: Transport, held: TransportRequest[]): Transport {
  return {
    request(request) {
      if (!request.path.endsWith('/abort')) return transport.request(request)
      held.push(request)
      return new Promise(() => {})
    },
  }
}

test('a second call with the same code leaves the first one alone', async () => {
  const device = newUser(world, random, false)
  const [phone, tablet] = [device('phone'), device('tablet')]
  const { id: walletId, publicKeys } = await generateWallet(phone)
  const { code, done } = await joinWallet(tablet)
  const calls = [1, 2].map(() =>
    inviteDevice(phone, { walletId, code }).then(
      () => 'joined',
      (error: unknown) => (error as { code?: string }).code,
    ),
  )
  const outcomes = await Promise.all(calls)
  expect(outcomes.sort()).toEqual(['JOIN_USED', 'joined'])
  expect(await done).toMatchObject({ id: walletId, publicKeys })
  await signsForBothKeys(tablet, walletId, publicKeys, utf8('a message'))
})

test('an invitation that may have reached the server is ended for both', async () => {
  const device = newUser(world, random, false)
  const storage = memoryStore()
  const known = device('phone', { storage })
  const { id: walletId } = await generateWallet(known)
  await resume(known)
  const over = (transport: Transport) => losingAnswers(transport, isRequest('POST', '/rounds/1'))
  const { code, done } = await joinWallet(device('tablet'))
  const inviting = inviteDevice(device('phone', { storage, over }), { walletId, code })
  await Promise.all([
    expect(inviting).rejects.toMatchObject({ code: 'NETWORK_ERROR' }),
    expect(done).rejects.toMatchObject({ code: 'JOIN_CANCELLED' }),
  ])
})

test.each(['inviting', 'joining'] as const)(
  'the %s device does not wait for the server where something else responds in its place',
  async (who) => {
    const device = newUser(world, random, false)
    const aborts: TransportRequest[] = []
    const isSpoiled = isRequest('GET', who === 'inviting' ? '/rounds/2' : '/rounds/1')
    const over = (transport: Transport) => holdingAborts(spoilingAnswers(transport, isSpoiled), aborts)
    const phone = device('phone', who === 'inviting' ? { over } : {})
    const tablet = device('tablet', who === 'joining' ? { over } : {})
    const { id: walletId } = await generateWallet(phone)
    const { code, done, cancel } = await joinWallet(tablet)
    const inviting = inviteDevice(phone, { walletId, code, timeoutMs: 1000 })
    const [failed, other] = who === 'inviting' ? [inviting, done] : [done, inviting]
    other.catch(() => undefined)
    await expect(failed).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
    expect(aborts.map(({ signal }) => signal?.aborted)).toEqual([false])
    cancel()
    await expect(other).rejects.toBeDefined()
  },
)

test.each([
  ['never responds', () => new Promise<string>(() => {}), { code: 'TIMEOUT' }],
  ['fails', () => Promise.reject(new Error('no key')), { code: 'NETWORK_ERROR', retryable: false }],
  ['is another value', () => Promise.resolve('not an id'), { name: 'TypeError' }],
])('a device id of the app that %s', async (_, deviceId, error) => {
  const device = newUser(world, random, false)
  const tablet = device('tablet', { over: ({ request }) => ({ request, deviceId }) })
  await expect(joinWallet(tablet, { timeoutMs: 100 })).rejects.toMatchObject(error)
})

test('the joined set is proven at once, so that the other device can be removed', async () => {
  const device = newUser(world, random, false)
  const [phone, tablet] = [device('phone'), device('tablet')]
  const { id } = await generateWallet(phone)
  const { wallet } = await join(phone, tablet, id)
  expect((await readWallet(tablet, id))?.sets).toMatchObject([{ state: 'ACTIVE', proofPending: false }])
  expect(wallet).toMatchObject({ id })
})

test('a joined set whose proof fails stays in use, and its proof is pending', async () => {
  const device = newUser(world, random, false)
  const phone = device('phone')
  const isProof = isRequest('POST', '/rounds/1')
  const tablet = device('tablet', { over: (transport) => losingAnswers(transport, isProof) })
  const { id } = await generateWallet(phone)
  const { wallet } = await join(phone, tablet, id)
  expect(wallet).toMatchObject({ id })
  expect((await readWallet(tablet, id))?.sets).toMatchObject([{ state: 'ACTIVE', proofPending: true }])
})

test('a join that fails keeps nothing of a wallet that the device did not know', async () => {
  const device = newUser(world, random, false)
  const [phone, inner, stop] = [device('phone'), memoryStore(), new AbortController()]
  const { id } = await generateWallet(phone)
  // The user cancels after the set was recorded, and before its last message.
  const storage = watchedStore(inner, (point) => {
    if (point === 'after write wallet') stop.abort()
  })
  const tablet = device('tablet', { storage })
  const { code, done } = await joinWallet(tablet, { signal: stop.signal })
  await Promise.all([
    expect(done).rejects.toMatchObject({ code: 'ABORTED' }),
    expect(inviteDevice(phone, { walletId: id, code })).rejects.toMatchObject({ code: 'JOIN_CANCELLED' }),
  ])
  expect(await inner.list('share/')).toEqual([])
  expect([await readWallet(tablet, id), await resume(tablet)]).toEqual([undefined, []])
})

test('a secret key is wiped if its public key cannot be computed', async () => {
  const secretKey = new Uint8Array(31).fill(7)
  await expect(drawKeyPair(() => secretKey)).rejects.toBeDefined()
  expect(secretKey).toEqual(new Uint8Array(31))
})

test("the other device's messages are wiped if the sessions do not take them", async () => {
  const [own, peer] = [await drawKeyPair(random), await drawKeyPair(random)]
  const agreed = { invitationId: toHex(random(16)), joiningKey: peer.publicKey, random }
  const psk = random(32)
  const inviting = createDeviceChannel({ side: 'inviting', ...agreed, own, psk: psk.slice() })
  const joining = createDeviceChannel({ side: 'joining', ...agreed, own: peer, psk })
  const envelope = random(64)
  const sealed = await inviting.seal(encodeRoundBody({ header: {}, messages: [{ sessionIndex: 0, envelope }] }))
  let taken: Uint8Array | undefined
  const sessions: Pick<JoinSessions, 'receive'> = {
    receive(from, messages) {
      if (from !== 'device') return
      taken = messages[0]?.envelope
      throw new Error('not taken')
    },
  }
  await expect(receiveRound(joining, sessions as JoinSessions, { messages: [], sealed })).rejects.toThrow('not taken')
  expect(taken).toEqual(new Uint8Array(64))
})
