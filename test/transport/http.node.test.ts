import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { transportConformance } from '../../src/transport/conformance.ts'
import { httpTransport } from '../../src/transport/index.ts'

const servers: Server[] = []

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown

async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function readAll(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new Uint8Array(Buffer.concat(chunks))
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

describe('http transport over a socket', () => {
  const connect = async (handler: (request: Request) => Response | Promise<Response>) => {
    const url = await serve(async (incoming, outgoing) => {
      const { method = 'GET' } = incoming
      const body = await readAll(incoming)
      const headers = incoming.headers as Record<string, string>
      const request = new Request(`http://server${incoming.url}`, {
        method,
        headers,
        ...(method !== 'GET' && { body }),
      })
      try {
        const response = await handler(request)
        outgoing.writeHead(response.status).end(Buffer.from(await response.arrayBuffer()))
      } catch {
        incoming.socket.destroy()
      }
    })
    return httpTransport(url)
  }
  for (const { name, run } of transportConformance(connect)) test(name, run)

  test('a connection that breaks, or an answer that breaks off, is an error that passes', async () => {
    for (const when of ['before', 'within'] as const) {
      const url = await serve((request, response) => {
        if (when === 'before') request.socket.destroy()
        else response.writeHead(200, { 'content-length': '10' }).write('half', () => request.socket.destroy())
      })
      const answer = httpTransport(url).request({ method: 'POST', path: '/v1/x', body: new Uint8Array([4, 2]) })
      await expect(answer).rejects.toMatchObject({ code: 'NETWORK_ERROR', retryable: true })
    }
  })

  test('a redirect is not followed, so that the headers stay here', async () => {
    let followed = 0
    const elsewhere = await serve((_request, response) => {
      followed++
      response.end()
    })
    const url = await serve((_request, response) => response.writeHead(307, { location: `${elsewhere}/v1/x` }).end())
    const transport = httpTransport(url, { headers: () => ({ authorization: 'Bearer token' }) })
    await expect(transport.request({ method: 'GET', path: '/v1/x' })).rejects.toMatchObject({
      code: 'MALFORMED_RESPONSE',
    })
    expect(followed).toBe(0)
  })

  test('nobody there is NETWORK_ERROR', async () => {
    const url = await serve(() => {})
    const [server] = servers.splice(0) as [Server]
    await new Promise((closed) => server.close(closed))
    const transport = httpTransport(url)
    await expect(transport.request({ method: 'GET', path: '/v1/x' })).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  })

  test('a server that does not answer is TIMEOUT', async () => {
    const url = await serve(() => {})
    const transport = httpTransport(url, { timeoutMs: 20 })
    await expect(transport.request({ method: 'GET', path: '/v1/x' })).rejects.toMatchObject({ code: 'TIMEOUT' })
  })
})
