import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import { BLOCK_LENGTH, encodeRequest, SEALED_CONTENT_TYPE, SEALED_PATH } from '../../../src/channel/messages.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { inProcessTransport, type Transport } from '../../../src/transport/index.ts'
import { fromUtf8, toHex, utf8 } from '../../../src/util/bytes.ts'
import { flip } from '../../support/simulator.ts'
import { fileSealed, type SealedWorld } from '../support/sealed.ts'
import { generate } from '../support/wallets.ts'

let sealed: SealedWorld
fileSealed((made) => (sealed = made))

const REFUSED = {
  status: 400,
  body: '{"error":{"id":"CHANNEL_FAILED","message":"the request does not open","retryable":false}}',
}

async function post(body: Uint8Array, contentType = SEALED_CONTENT_TYPE, to = sealed.server) {
  const init = { method: 'POST', headers: { 'content-type': contentType }, body: body as Uint8Array<ArrayBuffer> }
  const answer = await to.fetch(new Request(`http://server.test${SEALED_PATH}`, init))
  return { status: answer.status, body: await answer.text() }
}

test('a body that never ends is not waited for', async () => {
  let cancelled = false
  const limits = { requestMs: 50 }
  const server = sealed.world.server({ channelKeys: [sealed.current.secretKey], limits })
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) })
  const init = { method: 'POST', headers: { 'content-type': SEALED_CONTENT_TYPE }, body, duplex: 'half' }
  const answer = await server.fetch(new Request(`http://server.test${SEALED_PATH}`, init))
  expect(answer.status).toBe(503)
  expect(cancelled).toBe(true)
  sealed.world.errors.splice(0)
})

describe('what does not open', () => {
  const get = (path: string, method: 'GET' | 'POST' = 'GET') =>
    encodeRequest({
      method,
      time: sealed.world.now(),
      path,
      authorization: 'Test eve',
      contentType: '',
      body: new Uint8Array(),
    })
  const path = paths.sets('00'.repeat(16))

  test('gets one answer, whatever the cause, and reaches no handler', async () => {
    const asked: unknown[] = []
    const strict = sealed.world.server({
      channelKeys: [sealed.current.secretKey],
      authenticate: () => {
        asked.push('authenticate')
        return { clientId: 'eve' }
      },
    })
    const { message } = await sealed.seal(get(path))
    const stranger = await sealed.seal(get(path), generateKeyPair(sealed.world.random).publicKey)
    const post6MiB = {
      method: 'POST',
      time: sealed.world.now(),
      authorization: 'Test eve',
      contentType: 'application/vnd.reshare.round',
      body: new Uint8Array(6 * 2 ** 20),
    } as const
    const causes: [string, Uint8Array, string?][] = [
      ['nothing', new Uint8Array()],
      ['a byte less', message.slice(0, -1)],
      ['a byte more', new Uint8Array([...message, 0])],
      ['too long', (await sealed.seal(encodeRequest({ ...post6MiB, path: paths.round('00'.repeat(16), 1) }))).message],
      ['another type', message, 'application/vnd.reshare.round'],
      ['an unknown key', stranger.message],
      ['another key id', flip(message, 1)],
      ['another device', flip(message, 9)],
      ['another encapsulated key', flip(message, 41)],
      ['another ciphertext', flip(message, 73)],
      ['another tag', flip(message, message.length - 1)],
      [
        'a device of small order',
        new Uint8Array([...message.slice(0, 9), ...new Uint8Array(32), ...message.slice(41)]),
      ],
      ['no request', (await sealed.seal(new Uint8Array(BLOCK_LENGTH))).message],
      ['padding that is none', (await sealed.seal(flip(get(path), BLOCK_LENGTH - 1))).message],
      [
        'too much padding',
        (await sealed.seal(new Uint8Array([...get(path), ...new Uint8Array(BLOCK_LENGTH)]))).message,
      ],
      ['a sealed request in a sealed one', (await sealed.seal(get(path.replace('wallets', '')))).message],
    ]
    for (const [cause, body, type] of causes.slice(0, -1))
      expect([cause, await post(body, type, strict)]).toEqual([cause, REFUSED])
    expect(asked).toEqual([])
    expect(sealed.world.errors).toEqual([])
  })

  test('another version is said to be that, and is not sealed', async () => {
    const { message } = await sealed.seal(get(path))
    const { status, body } = await post(message.with(0, 2))
    expect([status, JSON.parse(body)]).toMatchObject([400, { error: { id: 'PROTOCOL_VERSION_UNSUPPORTED' } }])
  })

  test.each([
    ['out of the API', '/v2/sets'],
    ['to another server', '//elsewhere.test/v1/sets'],
    ['nowhere', ''],
    ['with a header in its authorization', '/v1/sets', 'Test eve__x-user: admin'],
  ])('a path %s', async (_, inner, authorization = 'Test eve') => {
    const request = encodeRequest({
      method: 'GET',
      time: sealed.world.now(),
      path: inner,
      authorization,
      contentType: '',
      body: new Uint8Array(),
    })
    // Clients write no such line.
    const at = toHex(request).indexOf(toHex(utf8('__'))) / 2
    if (authorization.includes('__')) request.set(utf8('\r\n'), at)
    const { message } = await sealed.seal(request)
    expect(await post(message)).toEqual(REFUSED)
  })

  test('a sealed request in a sealed one', async () => {
    const inside = await sealed.seal(get(path))
    for (const way of [SEALED_PATH, '/v1/x/../sealed', '/v1/%2e/sealed']) {
      const body = encodeRequest({
        method: 'POST',
        time: sealed.world.now(),
        path: way,
        authorization: 'Test eve',
        contentType: SEALED_CONTENT_TYPE,
        body: inside.message,
      })
      const answer = await sealed.transportOf('eve').request({
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
    const { message } = await sealed.seal(get(path))
    expect(await post(message, SEALED_CONTENT_TYPE, sealed.world.server())).toEqual(REFUSED)
  })

  test('nothing has changed: a generation whose every request was touched never was', async () => {
    const id = sealed.newClientId()
    const inner = inProcessTransport(sealed.server)
    for (const at of [0, 5, 20, 60, 100, -1]) {
      const touching: Transport = {
        request: (request) => {
          const body = request.body as Uint8Array
          return inner.request({ ...request, body: flip(body, at < 0 ? body.length + at : at) })
        },
      }
      const client = sealed.client(id, sealed.transportOf(id, touching))
      // The first byte is the version.
      const code = at === 0 ? 'PROTOCOL_VERSION_UNSUPPORTED' : 'CHANNEL_FAILED'
      await expect(generate(client).post()).rejects.toMatchObject({ code })
    }
    expect(await sealed.world.database.query('select 1 from reshare_operations where client_id = $1', [id])).toEqual([])
  })
})
