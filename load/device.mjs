// @ts-check
import { createClient } from 'reshare'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

/** A process that starts anew takes what it finds for over: by its clock, more than a client's actions last has passed. */
const AFTER_MS = 1000
const ATTEMPT_MS = 10_000

/** What is thrown where a process would have ended. */
export class Ended extends Error {}

/**
 * A device: its store outlives its processes. `live`, it signs; `unsure`, it has to resume to find out; `retired`, the
 * server must refuse it.
 *
 * @typedef {object} Device
 * @property {'live' | 'unsure' | 'retired'} state
 * @property {() => import('reshare').Client} client of the process that runs now
 * @property {(requests: number) => void} endAfter ends the process after so many more requests
 * @property {() => void} restart
 * @property {boolean} ended
 */

/**
 * @param {import('./network.mjs').Network} network
 * @param {string} token
 * @param {number} deadlineMs of its actions
 * @param {(store: import('reshare').ShareStore) => import('reshare').ShareStore} [plant]
 * @returns {Device}
 */
export function createDevice(network, token, deadlineMs, plant = (store) => store) {
  const store = plant(memoryStore())
  const transport = httpTransport('http://127.0.0.1', {
    headers: () => ({ authorization: `Bearer ${token}` }),
    timeoutMs: ATTEMPT_MS,
    fetch: network.fetch,
  })
  let skew = 0
  const start = () => startProcess(store, transport, deadlineMs, () => Date.now() + skew)
  let process = start()
  return {
    state: 'unsure',
    client: () => process.client,
    endAfter: (requests) => process.endAfter(requests),
    restart() {
      skew += deadlineMs + AFTER_MS
      process = start()
    },
    get ended() {
      return process.ended()
    },
  }
}

/**
 * @param {import('reshare').ShareStore} store
 * @param {import('reshare').Transport} transport
 * @param {number} timeoutMs
 * @param {() => number} now
 */
function startProcess(store, transport, timeoutMs, now) {
  let left = Number.POSITIVE_INFINITY
  const check = () => {
    if (left <= 0) throw new Ended('the process of the device has ended')
  }
  /** @template T @param {() => Promise<T>} work */
  const alive = async (work) => {
    check()
    const result = await work()
    check()
    return result
  }
  const client = createClient({
    pool: { size: 0 },
    now,
    timeoutMs,
    storage: {
      probe: () => alive(() => store.probe()),
      read: (key) => alive(() => store.read(key)),
      list: (prefix) => alive(() => store.list(prefix)),
      write: (key, value, version) => alive(() => store.write(key, value, version)),
      delete: (key) => alive(() => store.delete(key)),
    },
    transport: {
      request: (request) =>
        alive(() => {
          left -= 1
          return transport.request(request)
        }),
    },
  })
  return {
    client,
    endAfter(/** @type {number} */ requests) {
      left = requests
    },
    ended: () => left <= 0,
  }
}
