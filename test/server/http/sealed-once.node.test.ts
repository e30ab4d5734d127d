import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { sealedTransport } from '../../../src/channel/index.ts'
import { FRESH_MS, SEALED_CONTENT_TYPE, SEALED_PATH } from '../../../src/channel/messages.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { MpcError } from '../../../src/errors.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Server, ServerOptions } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport, type Transport, type TransportResponse } from '../../../src/transport/index.ts'
import { fromUtf8, toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { transportClient } from '../support/sealed.ts'
import { generate, newBackup, newWallet, setIdOf, sign } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

const random = seededRandom()
const key = generateKeyPair(random)
const MINUTE_MS = 60_000

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

const serve = (options: Partial<ServerOptions> = {}) => world.server({ channelKeys: [key.secretKey], ...options })

/** A device whose requests a relay keeps. */
function device(server: () => Server, now: () => number = world.now) {
  const clientId = `once-${toHex(random(8))}`
  const kept: Uint8Array[] = []
  const relay: Transport = {
    async request(request) {
      kept.push(request.body!.slice())
      return inProcessTransport(server()).request(request)
    },
  }
  const headers = () => ({ authorization: `Test ${clientId}` })
  const transport = sealedTransport({
    transport: relay,
    serverKey: key.publicKey,
    storage: memoryStore(),
    headers,
    random,
    now,
  })
  const client = transportClient(transport, clientId, random)
  const sendAgain = (body: Uint8Array): Promise<TransportResponse> =>
    inProcessTransport(server()).request({ method: 'POST', path: SEALED_PATH, contentType: SEALED_CONTENT_TYPE, body })
  return { clientId, client, kept, sendAgain }
}

const stateOf = async (setId: string) =>
  (await world.database.query('select state from reshare_sets where set_id = $1', [setId]))[0]?.['state']

const code = (answer: TransportResponse) => (JSON.parse(fromUtf8(answer.body)) as { error?: { id: string } }).error?.id

describe('a request that was denied', () => {
  test.each([
    ['a month later', 30 * 24 * 60 * MINUTE_MS],
    ['as soon as it is too old', FRESH_MS + 1],
    ['while it is fresh', FRESH_MS - 1],
    ['at once', 0],
  ])(
    'and that a relay sends again when it would be allowed, %s, changes nothing, at any process',
    async (_, laterMs) => {
      let allows = true
      const asked: string[] = []
      const policy: ServerOptions['policy'] = ({ action }) => {
        asked.push(action)
        return allows
      }
      let server = serve({ policy })
      const { client, kept, sendAgain } = device(() => server)
      const first = await newWallet(client)
      const setId = setIdOf(first.signing)
      // The device may end this set: a backup is confirmed.
      await newBackup(client, first)
      allows = false
      const denied = await client.send('POST', paths.retire(setId))
      expect([denied.status, code(denied)]).toEqual([403, 'POLICY_DENIED'])
      const request = kept.at(-1)

      allows = true
      asked.length = 0
      server = serve({ policy })
      world.pass(laterMs)
      await server.sweep()
      expect((await sendAgain(request)).status).toBe(200)
      expect(asked).toEqual([])
      expect(await stateOf(setId)).toBe('ACTIVE')
      // The device itself is free to ask again.
      expect((await client.send('POST', paths.retire(setId))).status).toBe(200)
      expect(await stateOf(setId)).toBe('DESTROYED')
    },
  )

  test('is not judged again in its first round either, and costs nothing more', async () => {
    let asked = 0
    const server = serve({
      policy: ({ action }) => action !== 'sign' || ++asked > 1,
    })
    const { client, kept, sendAgain, clientId } = device(() => server)
    const wallet = await newWallet(client)
    const attempt = sign(client, wallet.signing)
    expect(code(await attempt.post())).toBe('POLICY_DENIED')
    const count = () =>
      world.database.query(`select count(*)::int as n from reshare_operations where client_id = $1`, [clientId])
    const before = await count()
    await sendAgain(kept.at(-1))
    expect([asked, await count()]).toEqual([1, before])
    // Sealed anew it is another request.
    expect((await attempt.post()).status).toBe(200)
    expect(asked).toBe(2)
  })
})

describe('a request that was answered', () => {
  test('gets the same answer again, in another seal, and does the same thing once', async () => {
    const server = serve()
    const { client, kept, sendAgain } = device(() => server)
    const wallet = await newWallet(client)
    await newBackup(client, wallet)
    const rows = () => world.database.query('select * from reshare_sealed_responses order by request_id')
    const before = await rows()
    for (const body of kept) {
      const [one, two] = [await sendAgain(body), await sendAgain(body)]
      expect(one.body).toHaveLength(two.body.length)
      expect(one.body).not.toEqual(two.body)
    }
    expect(await rows()).toEqual(before)
  })

  test('in a round gets its answer in whatever seal, and is played once', async () => {
    const server = serve()
    const { client } = device(() => server)
    const player = generate(client)
    const first = await player.post()
    const again = await player.post()
    expect(again).toEqual(first)
  })

  test('is forgotten once its time alone would refuse it', async () => {
    const server = serve()
    const { client, clientId } = device(() => server)
    const wallet = await newWallet(client)
    await newBackup(client, wallet)
    const count = async () =>
      (
        await world.database.query('select count(*)::int as n from reshare_sealed_responses where client_id = $1', [
          clientId,
        ])
      )[0]?.['n']
    expect(await count()).toBe(1)
    world.pass(2 * FRESH_MS)
    await server.sweep()
    expect(await count()).toBe(1)
    world.pass(2 * FRESH_MS)
    await server.sweep()
    expect(await count()).toBe(0)
  })
})

test('what passes is not kept: the same bytes may ask again while they are fresh', async () => {
  let isBusy = true
  const server = serve({
    policy: ({ action }) => {
      if (action === 'retire' && isBusy) throw new MpcError('STORAGE_UNAVAILABLE', 'busy')
      return true
    },
  })
  const { client, kept, sendAgain } = device(() => server)
  const wallet = await newWallet(client)
  await newBackup(client, wallet)
  const busy = await client.send('POST', paths.retire(setIdOf(wallet.signing)))
  expect(busy.status).toBeGreaterThanOrEqual(500)
  isBusy = false
  await sendAgain(kept.at(-1))
  expect(await stateOf(setIdOf(wallet.signing))).toBe('DESTROYED')
})

describe('a device whose clock', () => {
  test.each([
    ['is two hours behind', (time: number) => time - 120 * MINUTE_MS],
    ['is two hours ahead', (time: number) => time + 120 * MINUTE_MS],
    ['is a year behind', (time: number) => time - 365 * 24 * 60 * MINUTE_MS],
    ['starts in 1970', () => 0],
    ['says nothing', () => Number.NaN],
    ['says nonsense', () => -1e300],
  ])('%s works: the first answer tells it the time', async (_, clock) => {
    const server = serve()
    const { client, kept } = device(
      () => server,
      () => clock(world.now()),
    )
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    const requests = kept.length
    await client.send('GET', paths.set(setIdOf(wallet.signing)))
    expect(kept).toHaveLength(requests + 1)
  })

  test('is set while it runs works on', async () => {
    const server = serve()
    let offsetMs = 0
    const { client } = device(
      () => server,
      () => world.now() + offsetMs,
    )
    const wallet = await newWallet(client)
    for (offsetMs of [7_200_000, -7_200_000, 0]) await play(sign(client, wallet.signing))
    world.pass(24 * 60 * MINUTE_MS)
    await play(sign(client, wallet.signing))
  })

  test('is wrong can be made no more wrong by a relay that holds answers up', async () => {
    const server = serve()
    let held = 0
    const { client, kept, sendAgain } = device(() => server)
    const wallet = await newWallet(client)
    // An hour passes before the device hears the answer.
    const late: Transport = {
      async request(request) {
        const answer = await inProcessTransport(server).request(request)
        if (held++ === 0) world.pass(60 * MINUTE_MS)
        return answer
      },
    }
    const transport = sealedTransport({
      transport: late,
      serverKey: key.publicKey,
      storage: memoryStore(),
      headers: { authorization: 'Test late' },
      random,
      now: world.now,
    })
    await transport.request({ method: 'GET', path: paths.devices })
    const answer = await transport.request({ method: 'POST', path: paths.retire('00'.repeat(32)) })
    expect(answer.status).toBe(401)
    expect(held).toBe(3)
    expect(await stateOf(setIdOf(wallet.signing))).toBe('ACTIVE')
    expect((await sendAgain(kept.at(-1))).status).toBe(200)
  })
})

test('a GET is answered whatever its time: it changes nothing', async () => {
  const server = serve()
  const { client, kept } = device(
    () => server,
    () => 0,
  )
  expect((await client.send('GET', paths.devices)).status).toBe(200)
  expect(kept).toHaveLength(1)
})
