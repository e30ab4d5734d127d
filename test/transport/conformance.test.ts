import { describe, expect, test } from 'vitest'
import { MpcError } from '../../src/errors.ts'
import { transportConformance, type Handler } from '../../src/transport/conformance.ts'
import { inProcessTransport, type Transport, type TransportRequest } from '../../src/transport/index.ts'

/** Breaks one promise of a transport that keeps it. */
type Break = (good: Transport, handler: Handler) => Transport['request']

const withoutSignal = ({ signal: _signal, ...request }: TransportRequest): TransportRequest => request

/** By the name of the check that must see it. */
const BROKEN: Record<string, Record<string, Break>> = {
  'carries method, path, query, content type and bytes, and brings status and bytes back': {
    'drops the query': (good) => (request) => good.request({ ...request, path: request.path.split('?')[0] ?? '' }),
    'decodes the path': (good) => (request) => good.request({ ...request, path: request.path.replace('%2F', '/') }),
    'has a content type of its own': (good) => (request) =>
      good.request({ ...request, contentType: 'application/octet-stream' }),
    'sends by POST only': (good) => (request) =>
      good.request({ ...request, method: request.method === 'GET' ? 'GET' : 'POST' }),
    'takes bytes for text': (good) => async (request) => {
      const answer = await good.request(request)
      return { ...answer, body: new TextEncoder().encode(new TextDecoder().decode(answer.body)) }
    },
  },
  'sends a GET without a body': {
    'asks by POST': (good) => (request) => good.request({ ...request, method: 'POST' }),
  },
  'gives every status as an answer': {
    'throws on an error status': (good) => async (request) => {
      const answer = await good.request(request)
      if (answer.status >= 400) throw new MpcError('NETWORK_ERROR', `status ${answer.status}`)
      return answer
    },
  },
  'keeps concurrent answers apart': {
    'gives every caller the last answer': (good) => {
      let last: ReturnType<Transport['request']>
      return async (request) => {
        last = good.request(request)
        await Promise.resolve()
        return last
      }
    },
  },
  'sends the bytes as they were when it was called': {
    'copies them too late': (good) => async (request) => {
      await Promise.resolve()
      return good.request(request)
    },
  },
  'says that no answer came, whatever broke the connection': {
    'hands foreign errors on': (good) => (request) =>
      good.request(request).catch((error: Error) => {
        throw error.cause ?? error
      }),
    'makes up an answer': (good) => (request) =>
      good.request(request).catch(() => ({ status: 502, body: new Uint8Array(0) })),
  },
  'sends the same bytes again, if it sends them again': {
    'sends nothing the second time': (good) => (request) =>
      good.request(request).catch(() => good.request({ ...request, body: new Uint8Array(0) })),
    'sends nothing at all': () => async () => ({ status: 200, body: new Uint8Array(0) }),
  },
  'sends nothing once aborted': {
    'looks at the signal after it has sent': (good) => async (request) => {
      const answer = await good.request(withoutSignal(request))
      if (request.signal?.aborted) throw new MpcError('ABORTED', 'aborted')
      return answer
    },
  },
  'stops waiting when aborted': {
    'has another code for it': (good) => (request) =>
      good.request(request).catch((error: MpcError) => {
        throw error.code === 'ABORTED' ? new MpcError('NETWORK_ERROR', 'aborted') : error
      }),
  },
  'refuses wrong arguments and sends nothing': {
    'sends anything anywhere': (_good, handler) => async (request) => {
      const url = new URL(request.path || '/', 'http://server.example')
      const response = await handler(new Request(url, { method: request.method }))
      return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
    },
    'has a code for them': (good) => (request) =>
      good.request(request).catch((error: unknown) => {
        throw error instanceof TypeError ? new MpcError('NETWORK_ERROR', 'wrong') : error
      }),
  },
}

function making(breaks: Break): (handler: Handler) => Transport {
  return (handler) => ({ request: breaks(inProcessTransport({ fetch: handler }), handler) })
}

describe('the transport conformance suite', () => {
  for (const [caughtBy, faults] of Object.entries(BROKEN)) {
    for (const [fault, breaks] of Object.entries(faults)) {
      test(`catches a transport that ${fault}`, async () => {
        const check = transportConformance(making(breaks)).find(({ name }) => name === caughtBy)
        await expect(check?.run()).rejects.toThrow()
      })
    }
  }

  test('has no check that no fault fails', () => {
    const make = making((good) => good.request)
    expect(transportConformance(make).map(({ name }) => name)).toEqual(Object.keys(BROKEN))
  })
})
