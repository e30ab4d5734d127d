import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { sealedTransport } from '../../../src/channel/index.ts'
import { BLOCK_LENGTH, encodeRequest, SEALED_CONTENT_TYPE, SEALED_PATH } from '../../../src/channel/messages.ts'
import { sealRequest } from '../../../src/channel/seal.ts'
import { generateKeyPair, keyPairOf } from '../../../src/hpke/x25519.ts'
import { createServer, type Server } from '../../../src/server/index.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport, type Transport } from '../../../src/transport/index.ts'
import { fromHex, fromUtf8, toHex, utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { play, serverClient, type Answer, type ServerClient } from '../../support/server-client.ts'
import { flip } from '../../support/simulator.ts'
import { generate, newWallet, setIdOf, sign } from '../support/wallets.ts'
import { createWorld, type World } from '../support/world.ts'

const random = seededRandom()
const current = generateKeyPair(random)
const previous = generateKeyPair(random)
const device = generateKeyPair(random)

let world: World
let server: Server
beforeAll(async () => {
  world = createWorld(pgliteDatabase(), random)
  server = world.server({ channelKeys: [current.secretKey, previous.secretKey] })
  await server.sweep()
})
beforeEach(() => (world.errors.length = 0))
afterAll(() => world.database.close())

const REFUSED = {
  status: 400,
  body: '{"error":{"id":"CHANNEL_FAILED","message":"the request does not open","retryable":false}}',
}

async function post(body: Uint8Array, contentType = SEALED_CONTENT_TYPE, to = server) {
  const init = { method: 'POST', headers: { 'content-type': contentType }, body: body as Uint8Array<ArrayBuffer> }
  const answer = await to.fetch(new Request(`http://server.test${SEALED_PATH}`, init))
  return { status: answer.status, body: await answer.text() }
}

/** A sealed request of a client, at the level of bytes. */
async function sealed(plaintext: Uint8Array, serverKey = current.publicKey) {
  return sealRequest(serverKey, device, plaintext, random)
}

function transportOf(clientId: string, to: Transport = inProcessTransport(server), serverKey = current.publicKey) {
  const headers = () => ({ authorization: `Test ${clientId}` })
  return sealedTransport({ transport: to, serverKey, storage: memoryStore(), headers, random })
}

/** A client of the protocols whose requests are sealed. */
function sealedClient(clientId: string, transport = transportOf(clientId)): ServerClient {
  return {
    ...serverClient((request) => server.fetch(request), clientId, random),
    async send(method, path, body): Promise<Answer> {
      const contentType = body && { contentType: 'application/vnd.reshare.round', body }
      return transport.request({ method: method as 'GET', path, ...contentType })
    },
  }
}

const clientId = () => `sealed-${toHex(random(8))}`

describe('sealed requests', () => {
  test('are answered as others are, and what is made sealed is seen unsealed, but not used', async () => {
    const id = clientId()
    const client = sealedClient(id)
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    const unsealed = world.client([server], id)
    await expect(play(sign(unsealed, wallet.signing))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    const set = paths.set(setIdOf(wallet.signing))
    expect(await client.send('GET', set)).toEqual(await unsealed.send('GET', set))
  })

  test('errors come sealed too, and the status outside says nothing', async () => {
    const statuses: number[] = []
    const inner = inProcessTransport(server)
    const watching: Transport = {
      async request(request) {
        const answer = await inner.request(request)
        statuses.push(answer.status)
        return answer
      },
    }
    const transport = transportOf(clientId(), watching)
    const unknown = await transport.request({ method: 'GET', path: paths.set('00'.repeat(32)) })
    const nowhere = await transport.request({ method: 'POST', path: '/v1/nowhere' })
    const nobody = await sealedTransport({
      transport: watching,
      serverKey: current.publicKey,
      storage: memoryStore(),
    }).request({ method: 'GET', path: paths.sets('00'.repeat(16)) })
    expect([unknown.status, nowhere.status, nobody.status]).toEqual([401, 404, 401])
    expect(statuses).toEqual([200, 200, 200])
  })

  test('handlers hear of the device, of no header around it, and of none that is not carried', async () => {
    const heard: unknown[] = []
    const listening = world.server({
      channelKeys: [current.secretKey],
      authenticate: (request) => {
        heard.push([...request.headers], request.url)
        return undefined
      },
    })
    const headers = { 'x-user': 'admin', 'x-forwarded-for': '203.0.113.7', cookie: 'session=1' }
    const plaintext = encodeRequest({
      method: 'GET',
      time: 0,
      path: paths.sets('00'.repeat(16)),
      authorization: 'Bearer t',
      contentType: '',
      body: new Uint8Array(),
    })
    const { message } = await sealed(plaintext)
    const init = { method: 'POST', headers: { ...headers, 'content-type': SEALED_CONTENT_TYPE } }
    await listening.fetch(
      new Request(`http://server.test${SEALED_PATH}`, { ...init, body: message as Uint8Array<ArrayBuffer> }),
    )
    expect(heard).toEqual([[['authorization', 'Bearer t']], `http://server.test${paths.sets('00'.repeat(16))}`])
  })

  test('an old key is accepted as long as the server has it', async () => {
    const old = transportOf(clientId(), undefined, previous.publicKey)
    const request = { method: 'GET', path: paths.sets('00'.repeat(16)) } as const
    expect((await old.request(request)).status).toBe(401)
    const moved = world.server({ channelKeys: [current.secretKey] })
    const late = transportOf(clientId(), inProcessTransport(moved), previous.publicKey)
    await expect(late.request(request)).rejects.toMatchObject({ code: 'CHANNEL_FAILED', retryable: false })
    expect(server.channelKey).toBe(toHex(current.publicKey))
    expect(world.server().channelKey).toBeUndefined()
  })
})

describe('what does not open', () => {
  const get = (path: string, method: 'GET' | 'POST' = 'GET') =>
    encodeRequest({
      method,
      time: world.now(),
      path,
      authorization: 'Test eve',
      contentType: '',
      body: new Uint8Array(),
    })
  const path = paths.sets('00'.repeat(16))

  test('gets one answer, whatever the cause, and reaches no handler', async () => {
    const asked: unknown[] = []
    const strict = world.server({
      channelKeys: [current.secretKey],
      authenticate: () => {
        asked.push('authenticate')
        return { clientId: 'eve' }
      },
    })
    const { message } = await sealed(get(path))
    const stranger = await sealed(get(path), generateKeyPair(random).publicKey)
    const post1MiB = {
      method: 'POST',
      time: world.now(),
      authorization: 'Test eve',
      contentType: 'application/vnd.reshare.round',
      body: new Uint8Array(2 ** 20),
    } as const
    const causes: [string, Uint8Array, string?][] = [
      ['nothing', new Uint8Array()],
      ['a byte less', message.slice(0, -1)],
      ['a byte more', new Uint8Array([...message, 0])],
      ['too long', (await sealed(encodeRequest({ ...post1MiB, path: paths.round('00'.repeat(16), 1) }))).message],
      ['another type', message, 'application/vnd.reshare.round'],
      ['an unknown key', stranger.message],
      ['another version', flip(message, 0)],
      ['another key id', flip(message, 1)],
      ['another device', flip(message, 9)],
      ['another encapsulated key', flip(message, 41)],
      ['another ciphertext', flip(message, 73)],
      ['another tag', flip(message, message.length - 1)],
      [
        'a device of small order',
        new Uint8Array([...message.slice(0, 9), ...new Uint8Array(32), ...message.slice(41)]),
      ],
      ['no request', (await sealed(new Uint8Array(BLOCK_LENGTH))).message],
      ['padding that is none', (await sealed(flip(get(path), BLOCK_LENGTH - 1))).message],
      ['too much padding', (await sealed(new Uint8Array([...get(path), ...new Uint8Array(BLOCK_LENGTH)]))).message],
      ['a sealed request in a sealed one', (await sealed(get(path.replace('wallets', '')))).message],
    ]
    for (const [cause, body, type] of causes.slice(0, -1))
      expect([cause, await post(body, type, strict)]).toEqual([cause, REFUSED])
    expect(asked).toEqual([])
    expect(world.errors).toEqual([])
  })

  test.each([
    ['out of the API', '/v2/sets'],
    ['to another server', '//elsewhere.test/v1/sets'],
    ['nowhere', ''],
    ['with a header in its authorization', '/v1/sets', 'Test eve__x-user: admin'],
  ])('a path %s', async (_, inner, authorization = 'Test eve') => {
    const request = encodeRequest({
      method: 'GET',
      time: world.now(),
      path: inner,
      authorization,
      contentType: '',
      body: new Uint8Array(),
    })
    // Clients write no such line.
    const at = toHex(request).indexOf(toHex(utf8('__'))) / 2
    if (authorization.includes('__')) request.set(utf8('\r\n'), at)
    const { message } = await sealed(request)
    expect(await post(message)).toEqual(REFUSED)
  })

  test('a sealed request in a sealed one', async () => {
    const inside = await sealed(get(path))
    for (const way of [SEALED_PATH, '/v1/x/../sealed', '/v1/%2e/sealed']) {
      const body = encodeRequest({
        method: 'POST',
        time: world.now(),
        path: way,
        authorization: 'Test eve',
        contentType: SEALED_CONTENT_TYPE,
        body: inside.message,
      })
      const answer = await transportOf('eve').request({
        method: 'POST',
        path: way,
        contentType: SEALED_CONTENT_TYPE,
        body: inside.message,
      })
      expect([way, answer.status, fromUtf8(answer.body)]).toEqual([way, REFUSED.status, REFUSED.body])
      expect(body.length % BLOCK_LENGTH).toBe(0)
    }
  })

  test('a server without a channel key', async () => {
    const { message } = await sealed(get(path))
    expect(await post(message, SEALED_CONTENT_TYPE, world.server())).toEqual(REFUSED)
  })

  test('nothing has changed: a generation whose every request was touched never was', async () => {
    const id = clientId()
    const inner = inProcessTransport(server)
    for (const at of [0, 5, 20, 60, 100, -1]) {
      const touching: Transport = {
        request: (request) => {
          const body = request.body as Uint8Array
          return inner.request({ ...request, body: flip(body, at < 0 ? body.length + at : at) })
        },
      }
      const client = sealedClient(id, transportOf(id, touching))
      await expect(generate(client).post()).rejects.toMatchObject({ code: 'CHANNEL_FAILED' })
    }
    expect(await world.database.query('select 1 from reshare_operations where client_id = $1', [id])).toEqual([])
  })
})

describe('a relay', () => {
  test('that sends a request again gets an answer that nobody opens, and changes nothing', async () => {
    const id = clientId()
    const recorded: Uint8Array[] = []
    const answers: Uint8Array[] = []
    const inner = inProcessTransport(server)
    const recording: Transport = {
      async request(request) {
        recorded.push(request.body as Uint8Array)
        const answer = await inner.request(request)
        answers.push(answer.body)
        return answer
      },
    }
    const client = sealedClient(id, transportOf(id, recording))
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    const state = () =>
      world.database.query(
        `select (select json_agg(s order by s.set_id) from reshare_sets s where client_id = $1)::text as sets,
                (select count(*) from reshare_operations where client_id = $1)::int as operations`,
        [id],
      )
    const before = await state()
    for (const [i, body] of recorded.entries()) {
      const again = await inner.request({
        method: 'POST',
        path: SEALED_PATH,
        contentType: SEALED_CONTENT_TYPE,
        body,
      })
      expect(again.status).toBe(200)
      expect(again.body).toHaveLength((answers[i] as Uint8Array).length)
      expect(again.body).not.toEqual(answers[i])
    }
    expect(await state()).toEqual(before)
  })
})

describe('requireSealed', () => {
  test('refuses every other request before it is looked at', async () => {
    const asked: unknown[] = []
    const strict = world.server({
      channelKeys: [current.secretKey],
      requireSealed: true,
      allowedOrigins: ['https://app.test'],
      authenticate: () => {
        asked.push('authenticate')
        return { clientId: 'eve' }
      },
    })
    for (const [method, path] of [
      ['GET', paths.sets('00'.repeat(16))],
      ['POST', paths.round('00'.repeat(16), 1)],
      ['GET', SEALED_PATH],
      ['POST', '/v1/nowhere'],
      ['POST', `${SEALED_PATH}/`],
    ] as const) {
      const answer = await strict.fetch(new Request(`http://server.test${path}`, { method }))
      expect([path, answer.status, await answer.json()]).toEqual([
        path,
        400,
        {
          error: {
            id: 'CHANNEL_FAILED',
            message: 'this server answers sealed requests only: connect with sealedTransport',
            retryable: false,
          },
        },
      ])
    }
    expect(asked).toEqual([])
    const transport = transportOf(clientId(), inProcessTransport(strict))
    expect((await transport.request({ method: 'GET', path: paths.sets('00'.repeat(16)) })).status).toBe(401)
    const preflight = new Request(`http://server.test${SEALED_PATH}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.test',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect((await strict.fetch(preflight)).headers.get('access-control-allow-headers')).toContain('content-type')
  })
})

describe('options', () => {
  const good = {
    database: { transaction: () => undefined },
    authenticate: () => undefined,
    masterKey: new Uint8Array(32),
  }
  const key = new Uint8Array(32).fill(1)
  test.each([
    ['a key that is none', { channelKeys: ['00'.repeat(32)] }, TypeError],
    ['a short key', { channelKeys: [new Uint8Array(31)] }, RangeError],
    ['one key for a list', { channelKeys: key }, TypeError],
    ['a key twice', { channelKeys: [key, key.slice()] }, RangeError],
    ['requireSealed without a key', { requireSealed: true }, TypeError],
    ['requireSealed that is no boolean', { channelKeys: [key], requireSealed: 'yes' }, TypeError],
  ])('%s is refused', (_, options, kind) => {
    expect(() => createServer({ ...good, ...options } as never)).toThrow(kind)
  })

  test('keys are copied', async () => {
    const secretKey = current.secretKey.slice()
    const copying = world.server({ channelKeys: [secretKey] })
    secretKey.fill(0)
    const transport = transportOf(clientId(), inProcessTransport(copying))
    expect((await transport.request({ method: 'GET', path: paths.sets('00'.repeat(16)) })).status).toBe(401)
    expect(copying.channelKey).toBe(toHex(keyPairOf(current.secretKey).publicKey))
    expect(fromHex(copying.channelKey as string)).toHaveLength(32)
    expect(utf8(copying.channelKey as string)).toHaveLength(64)
  })
})
