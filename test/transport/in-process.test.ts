import { describe, expect, test } from 'vitest'
import { transportConformance } from '../../src/transport/conformance.ts'
import { inProcessTransport } from '../../src/transport/index.ts'

const PATH = '/v1/wallets'

describe('in-process transport', () => {
  for (const { name, run } of transportConformance((fetch) => inProcessTransport({ fetch }))) test(name, run)

  test('asks for the headers before each request', async () => {
    let asked = 0
    const server = { fetch: (request: Request) => new Response(request.headers.get('authorization')) }
    const headers = async () => ({ authorization: `Bearer ${++asked}` })
    const transport = inProcessTransport(server, { headers })
    for (const expected of ['Bearer 1', 'Bearer 2']) {
      const { body } = await transport.request({ method: 'GET', path: PATH })
      expect(new TextDecoder().decode(body)).toBe(expected)
    }
  })

  test('calls fetch as a method of the server', async () => {
    const server = {
      status: 418,
      fetch() {
        return new Response(null, { status: this.status })
      },
    }
    expect((await inProcessTransport(server).request({ method: 'GET', path: PATH })).status).toBe(418)
  })

  test('a server that throws is NETWORK_ERROR', async () => {
    const transport = inProcessTransport({ fetch: () => Promise.reject(new Error('down')) })
    await expect(transport.request({ method: 'GET', path: PATH })).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      retryable: true,
    })
  })

  test('refuses what is no server', () => {
    expect(() => inProcessTransport({} as never)).toThrow(TypeError)
  })
})
