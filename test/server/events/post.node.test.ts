import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { postEvent } from '../../../src/server/events/post.ts'
import { readEventReceiver, type EventOptions } from '../../../src/server/events/receiver.ts'
import { seededRandom } from '../../support/random.ts'
import { newSecret } from '../support/events.ts'

const secret = newSecret(seededRandom())
const message = { id: 'evt_1', seconds: 1, body: '{"type":"set.created"}' }
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A receiver over HTTP that counts its requests. */
async function receiverAt(listener: RequestListener): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, requests }
}

const post = (url: string, options: Partial<EventOptions> = {}) =>
  postEvent(readEventReceiver({ url, secrets: [secret], ...options })!, message)
const failed = (failure: string, gone = false) => ({ delivered: false, failure, gone })

test.each([
  [200, { delivered: true }],
  [202, { delivered: true }],
  [204, { delivered: true }],
  [400, failed('status 400')],
  [410, failed('status 410', true)],
  [500, failed('status 500')],
])('status %i', async (status, result) => {
  const { url, requests } = await receiverAt((_, response) => response.writeHead(status).end())
  expect(await post(url)).toEqual(result)
  expect(requests).toEqual(['POST /events'])
})

test('sends the bytes that are signed, as JSON', async () => {
  const seen: Record<string, unknown>[] = []
  const { url } = await receiverAt((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => (body += data.toString()))
    request.on('end', () => {
      seen.push({ ...request.headers, body })
      response.writeHead(204).end()
    })
  })
  expect(await post(url)).toEqual({ delivered: true })
  expect(seen).toMatchObject([{ 'content-type': 'application/json', 'webhook-id': 'evt_1', 'webhook-timestamp': '1' }])
  expect(seen[0]!['body']).toBe(message.body)
})

test('does not follow a redirect', async () => {
  const elsewhere = await receiverAt((_, response) => response.writeHead(204).end())
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await receiverAt((_, response) => response.writeHead(status, { location: elsewhere.url }).end())
    expect(await post(url)).toEqual(failed(`status ${status}`))
  }
  expect(elsewhere.requests).toEqual([])
})

test('does not read a body that never ends, whatever the status', async () => {
  for (const [status, result] of [
    [200, { delivered: true }],
    [500, failed('status 500')],
  ] as const) {
    let written = 0
    const { url } = await receiverAt((_, response) => {
      response.writeHead(status)
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024
      }
      response.on('drain', more)
      more()
    })
    expect(await post(url, { timeoutMs: 20_000 })).toEqual(result)
    // What the sockets take, and nothing near what was on offer.
    expect(written).toBeLessThan(64 * 1024 * 1024)
  }
})

test('gives up waiting for a response, and for a fetch that ignores its signal', async () => {
  const { url } = await receiverAt(() => undefined)
  expect(await post(url, { timeoutMs: 50 })).toEqual(failed('timeout'))
  const fetch = () => new Promise<Response>(() => undefined)
  expect(await post('https://app.test', { timeoutMs: 50, fetch })).toEqual(failed('timeout'))
})

test('a receiver that cannot be reached, or breaks off', async () => {
  const { url } = await receiverAt((request) => request.socket.destroy())
  expect(await post(url)).toEqual(failed('unreachable'))
  await closing.pop()!()
  expect(await post(url)).toEqual(failed('unreachable'))
})

test.each<[Partial<EventOptions>, string]>([
  [{ url: 'http://app.test/events' }, 'events.url must be https'],
  [{ url: 'http://169.254.169.254/' }, 'events.url must be https'],
  [{ url: 'https://ann:secret@app.test' }, 'events.url must hold no password'],
  [{ url: 'https://app.test/?token=secret' }, 'events.url must hold no password, query'],
  [{ url: 'ftp://app.test' }, 'events.url must be https'],
  [{ url: 'events' }, 'events.url must be an absolute URL'],
  [{ secrets: [] }, 'a secret for events must be'],
  [{ secrets: ['secret'] }, 'a secret for events must be'],
  [{ timeoutMs: 0 }, 'events.timeoutMs must be'],
  [{ attempts: 1.5 }, 'events.attempts must be'],
  [{ keepMs: -1 }, 'events.keepMs must be'],
  [{ fetch: null as never }, 'events.fetch must be'],
])('refuses %j, without a word of it', (options, text) => {
  const read = () => readEventReceiver({ url: 'https://app.test/events', secrets: [secret], ...options })
  expect(read).toThrow(text)
  expect(read).not.toThrow(/secret@|token=/)
})
