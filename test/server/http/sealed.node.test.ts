import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { sealedTransport } from '../../../src/channel/index.ts'
import { encodeRequest, SEALED_CONTENT_TYPE, SEALED_PATH } from '../../../src/channel/messages.ts'
import { keyPairOf } from '../../../src/hpke/x25519.ts'
import { createServer } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport, type Transport } from '../../../src/transport/index.ts'
import { fromHex, toHex, utf8 } from '../../../src/util/bytes.ts'
import { play } from '../../support/server-client.ts'
import { fileSealed, type SealedWorld } from '../support/sealed.ts'
import { newWallet, setIdOf, sign } from '../support/wallets.ts'

let sealed: SealedWorld
fileSealed((made) => (sealed = made))

describe('sealed requests', () => {
  test('are answered as others are, and what is made sealed is seen unsealed, but not used', async () => {
    const id = sealed.newClientId()
    const client = sealed.client(id)
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    const unsealed = sealed.world.client([sealed.server], id)
    await expect(play(sign(unsealed, wallet.signing))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    const set = paths.set(setIdOf(wallet.signing))
    expect(await client.send('GET', set)).toEqual(await unsealed.send('GET', set))
  })

  test('errors come sealed too, and the status outside says nothing', async () => {
    const statuses: number[] = []
    const inner = inProcessTransport(sealed.server)
    const watching: Transport = {
      async request(request) {
        const answer = await inner.request(request)
        statuses.push(answer.status)
        return answer
      },
    }
    const transport = sealed.transportOf(sealed.newClientId(), watching)
    const unknown = await transport.request({ method: 'GET', path: paths.set('00'.repeat(32)) })
    const nowhere = await transport.request({ method: 'POST', path: '/v1/nowhere' })
    const nobody = await sealedTransport({
      transport: watching,
      serverKey: sealed.current.publicKey,
      storage: memoryStore(),
    }).request({ method: 'GET', path: paths.sets('00'.repeat(16)) })
    expect([unknown.status, nowhere.status, nobody.status]).toEqual([401, 404, 401])
    expect(statuses).toEqual([200, 200, 200])
  })

  test('handlers hear of the device, of no header around it, and of none that is not carried', async () => {
    const heard: unknown[] = []
    const listening = sealed.world.server({
      channelKeys: [sealed.current.secretKey],
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
    const { message } = await sealed.seal(plaintext)
    const init = { method: 'POST', headers: { ...headers, 'content-type': SEALED_CONTENT_TYPE } }
    await listening.fetch(
      new Request(`http://server.test${SEALED_PATH}`, { ...init, body: message as Uint8Array<ArrayBuffer> }),
    )
    expect(heard).toEqual([[['authorization', 'Bearer t']], `http://server.test${paths.sets('00'.repeat(16))}`])
  })

  test('an old key is accepted as long as the server has it', async () => {
    const old = sealed.transportOf(sealed.newClientId(), undefined, sealed.previous.publicKey)
    const request = { method: 'GET', path: paths.sets('00'.repeat(16)) } as const
    expect((await old.request(request)).status).toBe(401)
    const moved = sealed.world.server({ channelKeys: [sealed.current.secretKey] })
    const late = sealed.transportOf(sealed.newClientId(), inProcessTransport(moved), sealed.previous.publicKey)
    await expect(late.request(request)).rejects.toMatchObject({ code: 'CHANNEL_FAILED', retryable: false })
    expect(sealed.server.channelKey).toBe(toHex(sealed.current.publicKey))
    expect(sealed.world.server().channelKey).toBeUndefined()
  })
})

describe('a relay', () => {
  test('that sends a request again gets an answer that nobody opens, and changes nothing', async () => {
    const id = sealed.newClientId()
    const recorded: Uint8Array[] = []
    const answers: Uint8Array[] = []
    const inner = inProcessTransport(sealed.server)
    const recording: Transport = {
      async request(request) {
        recorded.push(request.body as Uint8Array)
        const answer = await inner.request(request)
        answers.push(answer.body)
        return answer
      },
    }
    const client = sealed.client(id, sealed.transportOf(id, recording))
    const wallet = await newWallet(client)
    await play(sign(client, wallet.signing))
    const state = () =>
      sealed.world.database.query(
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
    const strict = sealed.world.server({
      channelKeys: [sealed.current.secretKey],
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
    const transport = sealed.transportOf(sealed.newClientId(), inProcessTransport(strict))
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
    const secretKey = sealed.current.secretKey.slice()
    const copying = sealed.world.server({ channelKeys: [secretKey] })
    secretKey.fill(0)
    const transport = sealed.transportOf(sealed.newClientId(), inProcessTransport(copying))
    expect((await transport.request({ method: 'GET', path: paths.sets('00'.repeat(16)) })).status).toBe(401)
    expect(copying.channelKey).toBe(toHex(keyPairOf(sealed.current.secretKey).publicKey))
    expect(fromHex(copying.channelKey as string)).toHaveLength(32)
    expect(utf8(copying.channelKey as string)).toHaveLength(64)
  })
})
