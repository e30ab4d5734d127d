import { equalBytes } from '../util/bytes.ts'
import { check, fails, refusesArguments, type ConformanceCheck } from '../util/conformance.ts'
import type { Transport, TransportRequest } from './types.ts'

export type { ConformanceCheck } from '../util/conformance.ts'
export type { Transport, TransportRequest, TransportResponse } from './types.ts'

/** The server of a check. If it rejects, the connection must break without a response. */
export type Handler = (request: Request) => Response | Promise<Response>

/** Makes a transport whose requests reach `handler`. If it repeats requests, it must do so without pauses. */
export type MakeTransport = (handler: Handler) => Transport | Promise<Transport>

const BYTES = new Uint8Array(70_000).map((_, i) => i * 37)
const PATH = '/v1/wallets/a%2Fb/sets?purpose=signing&after=1'

const CHECKS: readonly (readonly [name: string, run: (make: MakeTransport) => Promise<void>])[] = [
  [
    'carries method, path, query, content type and bytes, and brings status and bytes back',
    async (make) => {
      const transport = await make(async (request) => {
        const { pathname, search } = new URL(request.url)
        check(pathname.endsWith(PATH.split('?')[0] as string) && search === '?purpose=signing&after=1', 'another path')
        check(request.headers.get('content-type') === 'application/x-reshare', 'another content type')
        check(equalBytes(new Uint8Array(await request.arrayBuffer()), BYTES), 'other bytes')
        return new Response(BYTES.slice().reverse(), { status: request.method === 'PUT' ? 201 : 202 })
      })
      for (const [method, status] of [
        ['PUT', 201],
        ['POST', 202],
      ] as const) {
        const answer = await transport.request({
          method,
          path: PATH,
          contentType: 'application/x-reshare',
          body: BYTES,
        })
        check(answer.status === status, `status ${answer.status}`)
        check(equalBytes(answer.body, BYTES.slice().reverse()), 'the answer has other bytes')
      }
    },
  ],
  [
    'sends a GET without a body',
    async (make) => {
      const transport = await make(async (request) => {
        check(request.method === 'GET' && (await request.arrayBuffer()).byteLength === 0, 'not an empty GET')
        return new Response('ok')
      })
      const answer = await transport.request({ method: 'GET', path: PATH })
      check(new TextDecoder().decode(answer.body) === 'ok', 'another answer')
    },
  ],
  [
    'gives every status as an answer',
    async (make) => {
      for (const status of [200, 204, 400, 401, 404, 409, 429, 500, 503]) {
        const transport = await make(() => new Response(status === 204 ? null : String(status), { status }))
        const answer = await transport.request({ method: 'POST', path: PATH, body: BYTES })
        check(answer.status === status, `${answer.status} instead of ${status}`)
        check(new TextDecoder().decode(answer.body) === (status === 204 ? '' : String(status)), 'another body')
      }
    },
  ],
  [
    'keeps concurrent answers apart',
    async (make) => {
      const transport = await make(async (request) => new Response(await request.arrayBuffer()))
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          transport.request({ method: 'POST', path: PATH, body: new Uint8Array([i]) }),
        ),
      )
      check(
        answers.every(({ body }, i) => equalBytes(body, new Uint8Array([i]))),
        'answers were mixed up',
      )
    },
  ],
  [
    'sends the bytes as they were when it was called',
    async (make) => {
      const transport = await make(async (request) => new Response(await request.arrayBuffer()))
      const body = new Uint8Array([1, 2, 3])
      const answer = transport.request({ method: 'POST', path: PATH, body })
      body.fill(0)
      check(equalBytes((await answer).body, new Uint8Array([1, 2, 3])), 'the bytes were changed on the way')
    },
  ],
  [
    'says that no answer came, whatever broke the connection',
    async (make) => {
      const transport = await make(() => Promise.reject(new Error('the connection breaks')))
      await fails(['NETWORK_ERROR', 'TIMEOUT'], transport.request({ method: 'POST', path: PATH, body: BYTES }))
    },
  ],
  [
    'sends the same bytes again, if it sends them again',
    async (make) => {
      const bodies: Uint8Array[] = []
      const transport = await make(async (request) => {
        bodies.push(new Uint8Array(await request.arrayBuffer()))
        if (bodies.length === 1) throw new Error('the connection breaks')
        return new Response('late')
      })
      await transport.request({ method: 'POST', path: PATH, body: BYTES }).catch(() => undefined)
      check(bodies.length > 0 && bodies.every((body) => equalBytes(body, BYTES)), 'a later attempt carried other bytes')
    },
  ],
  [
    'sends nothing once aborted',
    async (make) => {
      let calls = 0
      const transport = await make(() => new Response(String(++calls)))
      await fails('ABORTED', transport.request({ method: 'GET', path: PATH, signal: AbortSignal.abort() }))
      check(calls === 0, 'an aborted request was sent')
    },
  ],
  [
    'stops waiting when aborted',
    async (make) => {
      const controller = new AbortController()
      const transport = await make(() => {
        controller.abort()
        return new Promise<Response>(() => {})
      })
      await fails('ABORTED', transport.request({ method: 'GET', path: PATH, signal: controller.signal }))
    },
  ],
  [
    'refuses wrong arguments and sends nothing',
    async (make) => {
      let calls = 0
      const transport = await make(() => new Response(String(++calls)))
      const wrong: Record<string, unknown>[] = [
        { path: '' },
        { path: 'v1/x' },
        { path: '/v2/x' },
        { path: '//elsewhere.example/v1/x' },
        { path: '/v1/../secret' },
        { path: '/v1/%2e%2e/secret' },
        { path: '/v1/x#fragment' },
        { method: 'DELETE' },
        { method: 'GET', body: BYTES },
        { body: 'text' },
      ]
      for (const change of wrong) {
        const request = { method: 'POST', path: PATH, ...change } as TransportRequest
        await refusesArguments(transport.request(request))
      }
      check(calls === 0, 'a wrong request was sent')
    },
  ],
]

/**
 * The contract of {@link Transport} as checks for any test runner.
 *
 * @param makeTransport connects a transport to the server of a check
 *
 * @example
 * for (const { name, run } of transportConformance((handler) => myTransport(serve(handler)))) test(name, run)
 */
export function transportConformance(makeTransport: MakeTransport): ConformanceCheck[] {
  return CHECKS.map(([name, run]) => ({ name, run: () => run(makeTransport) }))
}
