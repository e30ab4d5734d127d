import { MpcError } from '../../../src/errors.ts'
import type { ShareStore } from '../../../src/storage/types.ts'
import type { Transport, TransportRequest } from '../../../src/transport/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'

/** Calls `at` before and after each of a store's durable changes. */
export function watchedStore(store: ShareStore, at: (point: string) => void): ShareStore {
  const around = async <T>(point: string, work: () => Promise<T>): Promise<T> => {
    at(`before ${point}`)
    const result = await work()
    at(`after ${point}`)
    return result
  }
  const kind = (key: string) => key.split('/')[0]
  return {
    probe: () => store.probe(),
    read: (key) => store.read(key),
    list: (prefix) => store.list(prefix),
    write: (key, value, version) => around(`write ${kind(key)}`, () => store.write(key, value, version)),
    delete: (key) => around(`delete ${kind(key)}`, () => store.delete(key)),
  }
}

/** Calls `at` before each request is sent and after its answer has come. */
export function watchedTransport(
  transport: Transport,
  at: (point: string, request: TransportRequest) => void,
): Transport {
  return {
    async request(request) {
      const point = `${request.method} ${request.path.replace(/[0-9a-f]{32,64}/, ':id')}`
      at(`before ${point}`, request)
      const response = await transport.request(request)
      at(`after ${point}`, request)
      return response
    },
  }
}

/** Puts a page in the place of the responses to the requests that `spoiled` picks; the server has handled them. */
export function spoilingAnswers(transport: Transport, spoiled: (request: TransportRequest) => boolean): Transport {
  return {
    async request(request) {
      const response = await transport.request(request)
      return spoiled(request) ? { status: 200, body: utf8('<html>') } : response
    },
  }
}

/** Loses the answers to the requests that `lost` picks; the server has played them. */
export function losingAnswers(transport: Transport, lost: (request: TransportRequest) => boolean): Transport {
  return {
    async request(request) {
      const response = await transport.request(request)
      if (lost(request)) throw new MpcError('NETWORK_ERROR', 'the answer was lost')
      return response
    },
  }
}
