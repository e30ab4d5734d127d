import { vi } from 'vitest'
import { iCloud, type ICloudOptions } from '../../../src/backup/icloud/index.ts'
import { iCloudEmulator, stoppedClock, type ICloudEmulatorOptions } from '../../../src/emulators/index.ts'

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
  let signIns = 0
  /** A device that has signed in to this account as often as it was asked. */
  function device(account = 'ada', change: Partial<ICloudOptions> = {}) {
    const auth = service.auth(account)
    return iCloud({
      container: CONTAINER,
      environment: 'development',
      apiToken: API_TOKEN,
      fetch: service.fetch,
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
  // What takes real time, such as reading a response in a browser, must not seem to take seconds.
  const next = async () => {
    for (let i = 0; i < 10; i++) await nextTask()
    await vi.advanceTimersByTimeAsync(1_000)
    return false
  }
  while (!(await Promise.race([ended, next()]))) continue
  return call
}

async function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  await new Promise((resolve) => {
    port1.onmessage = resolve
    port2.postMessage(undefined)
  })
  port1.close()
}
