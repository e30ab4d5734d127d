import { vi } from 'vitest'
import { iCloud, type ICloudOptions } from '../../../src/backup/icloud/index.ts'
import {
  iCloudEmulator,
  stoppedClock,
  type ICloudEmulator,
  type ICloudEmulatorOptions,
} from '../../../src/emulators/index.ts'

export const CONTAINER = 'iCloud.com.example.wallet'
export const API_TOKEN = 'api+token/1='
export const ID = '0123456789abcdef0123456789abcdef'
export const KEY = new Uint8Array([0, 1, 2, 250, 255])

const DEPLOYED = { recordTypes: { ReshareKey: ['key'] } }

/** An emulator with both environments of one container, and devices of its users. */
export function emulated(options: Partial<ICloudEmulatorOptions> = {}) {
  const service = iCloudEmulator({
    clock: stoppedClock(),
    containers: [
      { container: CONTAINER, environment: 'development', apiToken: API_TOKEN },
      { container: CONTAINER, environment: 'production', apiToken: 'api-token-2', ...DEPLOYED },
      { container: 'iCloud.com.example.other', environment: 'production', apiToken: 'api-token-3' },
    ],
    ...options,
  })
  latest = service
  const fetch = readingAll(service)
  let signIns = 0
  /** A device that has signed in to this account as often as it was asked. */
  function device(account = 'ada', change: Partial<ICloudOptions> = {}) {
    const auth = service.auth(account)
    return iCloud({
      container: CONTAINER,
      environment: 'development',
      apiToken: API_TOKEN,
      fetch,
      tokens: tokenStore(),
      auth: {
        signIn(request) {
          signIns++
          return auth.signIn(request)
        },
      },
      ...change,
    })
  }
  return {
    ...service,
    device,
    get signIns() {
      return signIns
    },
  }
}

/** A token store that shows what it holds. */
export function tokenStore(token?: string) {
  const store = {
    token,
    saved: [] as (string | undefined)[],
    load: () => store.token,
    save(next: string | undefined) {
      store.token = next
      store.saved.push(next)
    },
  }
  return store
}

/** What a call comes to, while every wait of it is over at once. Needs fake timers. */
export async function withoutWaiting<T>(call: Promise<T>): Promise<T> {
  const ended = call.then(
    () => true,
    () => true,
  )
  const next = async () => {
    // Reading requests and responses takes real time, which must not seem to be seconds.
    for (let i = 0; isReading() && i < 200; i++) await new Promise((resolve) => realTimeout(resolve, 1))
    await vi.advanceTimersByTimeAsync(1_000)
    return false
  }
  while (!(await Promise.race([ended, next()]))) continue
  return call
}

const realTimeout = globalThis.setTimeout
/** How many requests have no response yet, and the service that has them. */
let pending = 0
let latest: ICloudEmulator | undefined

/** Whether a request is on its way that is not held up on purpose. */
function isReading(): boolean {
  const last = latest?.calls.at(-1)
  return pending > 0 && !(last?.fault?.type === 'delay' && last.status === undefined)
}

/** A fetch whose responses have been read, so that reading them again takes no time. */
function readingAll(service: ICloudEmulator) {
  return async (url: string, init: RequestInit): Promise<Response> => {
    pending++
    try {
      const response = await service.fetch(url, init)
      const { status, headers } = response
      const read = response.arrayBuffer()
      await read.catch(() => undefined)
      return { status, headers, redirected: false, body: null, arrayBuffer: () => read } as unknown as Response
    } finally {
      pending--
    }
  }
}
