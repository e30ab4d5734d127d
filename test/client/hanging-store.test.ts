import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  backupWallet,
  generateWallet,
  getPublicKey,
  getWallet,
  listSets,
  listWallets,
  recoverWallet,
  refreshShares,
  removeShare,
  resume,
  retireSet,
  sign,
  type Client,
  type ShareStore,
} from '../../src/index.ts'
import { memoryStore } from '../../src/storage/memory.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { stage } from './support/devices.ts'
import { plainMethod } from './support/plain-method.ts'

const message = utf8('hello')
const never = () => new Promise<never>(() => {})

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a store that hangs', () => {
  type Flow = readonly [name: string, run: (client: Client, options: object) => Promise<unknown>]

  async function prepared() {
    const { device } = stage()
    const inner = memoryStore()
    const phone = device('phone', { storage: inner })
    const { id: walletId, setId } = await generateWallet(phone)
    const method = plainMethod()
    const { cipherText } = await backupWallet(phone, { walletId, method })
    const flows: readonly Flow[] = [
      ['generate', (client, options) => generateWallet(client, options)],
      ['backup', (client, options) => backupWallet(client, { walletId, method, ...options })],
      [
        'recover',
        (client, options) => recoverWallet(client, { cipherText, method, existingSets: 'retire', ...options }),
      ],
      ['refresh', (client, options) => refreshShares(client, { walletId, ...options })],
      ['sign', (client, options) => sign(client, { walletId, scheme: 'ed25519', message, ...options })],
      [
        'sign ECDSA',
        (client, options) => sign(client, { walletId, scheme: 'ecdsa', digest: new Uint8Array(32), ...options }),
      ],
      [
        'public key',
        (client, options) => getPublicKey(client, { walletId, curve: 'secp256k1', path: 'm/1', ...options }),
      ],
      ['get', (client, options) => getWallet(client, { walletId, ...options })],
      ['list', (client, options) => listWallets(client, options)],
      ['list sets', (client, options) => listSets(client, { walletId, ...options })],
      ['resume', (client, options) => resume(client, options)],
      ['retire', (client, options) => retireSet(client, { walletId, setId, ...options })],
      ['remove', (client, options) => removeShare(client, { walletId, ...options })],
    ]
    return { device, inner, flows }
  }

  /** A store that answers nothing from its `last`-th use on. */
  function hangingStore(inner: ShareStore, last: number) {
    let uses = 0
    let told = () => {}
    const hung = new Promise<void>((resolve) => (told = resolve))
    const use = <T>(work: () => Promise<T>): Promise<T> => {
      if (++uses < last) return work()
      told()
      return never()
    }
    const store: ShareStore = {
      probe: () => use(() => inner.probe()),
      read: (key) => use(() => inner.read(key)),
      write: (key, value, version) => use(() => inner.write(key, value, version)),
      delete: (key) => use(() => inner.delete(key)),
      list: (prefix) => use(() => inner.list(prefix)),
    }
    return { store, hung, used: () => uses }
  }

  const NAMES = ['generate', 'backup', 'recover', 'refresh', 'sign', 'sign ECDSA', 'public key', 'get', 'list', 'list sets', 'resume', 'retire', 'remove'] // prettier-ignore

  /** Runs a flow on a store that hangs at its `last`-th use; undefined if it uses it less often. */
  async function hang(name: string, last: number, how: 'timeout' | 'abort'): Promise<unknown> {
    const { device, inner, flows } = await prepared()
    const [, run] = flows.find(([other]) => other === name)!
    const { store, hung, used } = hangingStore(inner, last)
    const stop = new AbortController()
    const action = run(device('phone', { storage: store }), { signal: stop.signal, timeoutMs: 5000 })
    const outcome = action.then(
      (value) => ({ value }),
      (reason: unknown) => ({ reason }),
    )
    if ((await Promise.race([hung.then(() => 'hung'), outcome])) !== 'hung') return used()
    if (how === 'abort') stop.abort()
    // What is undone after that has a time of its own.
    const course: { end?: unknown } = {}
    void outcome.then((end) => (course.end = end))
    for (let waited = 0; course.end === undefined && waited <= 30_000; waited += 500) {
      await vi.advanceTimersByTimeAsync(500)
    }
    return course.end
  }

  test.each(NAMES)('ends %s by its time-out or its signal, wherever it hangs', async (name) => {
    const random = seededRandom()
    const uses = (await hang(name, Number.POSITIVE_INFINITY, 'abort')) as number
    for (const how of ['timeout', 'abort'] as const) {
      const last = random.int(1, uses)
      const ended = await hang(name, last, how)
      // These say of each wallet what is wrong with it.
      if (how === 'timeout' && (name === 'resume' || name === 'list'))
        expect([last, typeof ended]).toEqual([last, 'object'])
      else {
        const code = how === 'abort' ? 'ABORTED' : 'TIMEOUT'
        expect([how, last, ended]).toEqual([how, last, { reason: expect.objectContaining({ code }) }])
      }
    }
  })
})
