import { expect, test } from 'vitest'
import { sealedTransport } from '../../../src/channel/index.ts'
import { readToReplace } from '../../../src/client/wallets/read-to-replace.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { generateWallet, getWallet, sign } from '../../../src/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { lockedStore } from '../../../src/storage/lock.ts'
import type { ShareStore, StoreCallOptions } from '../../../src/storage/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { lockOf } from '../../storage/lock/support/locks.ts'
import { stage } from '../support/devices.ts'

/** A store, and the signals that its calls got. */
function recorded() {
  const store = memoryStore()
  const signals = new Map<string, (AbortSignal | undefined)[]>()
  const keep = (call: string, options?: StoreCallOptions) =>
    void signals.set(call, [...(signals.get(call) ?? []), options?.signal])
  const storage: ShareStore = {
    ...store,
    probe: (options) => (keep('probe', options), store.probe(options)),
    read: (key, options) => (keep('read', options), store.read(key, options)),
    write: (key, value, version, options) => (keep('write', options), store.write(key, value, version, options)),
  }
  return { storage, signals }
}

test('every call that may ask the user has a signal, which ends with the action', async () => {
  const { storage, signals } = recorded()
  const client = stage().device('phone', { storage })
  const { id: walletId } = await generateWallet(client)
  const controller = new AbortController()
  await sign(client, { walletId, scheme: 'ecdsa', message: utf8('hello'), hash: 'sha256', signal: controller.signal })
  expect([...signals.keys()].sort()).toEqual(['probe', 'read', 'write'])
  for (const given of signals.values()) expect(given.every((signal) => signal instanceof AbortSignal)).toBe(true)
})

test('a store that cannot say whether it is locked counts as locked', async () => {
  const inner = memoryStore()
  const { device } = stage()
  const wallet = await generateWallet(device('phone', { storage: inner }))
  const isLocked = () => {
    throw new Error('not known')
  }
  const client = device('phone', { storage: { ...inner, isLocked } })
  expect(await getWallet(client, { walletId: wallet.id })).toEqual(wallet)
})

test('a sealed request hands its signal to the store of the device key', async () => {
  const { storage, signals } = recorded()
  const random = seededRandom()
  const transport = sealedTransport({
    transport: { request: () => Promise.reject(new Error('not sent')) },
    serverKey: generateKeyPair(random).publicKey,
    storage,
    random,
  })
  const { signal } = new AbortController()
  await transport.request({ method: 'GET', path: '/v1/devices', signal }).catch(() => undefined)
  expect([...signals]).toEqual([
    ['read', [signal, signal]],
    ['write', [signal]],
  ])
})

test('a value that only a lost lock opens is replaced as one that is absent', async () => {
  const inner = memoryStore()
  await lockedStore(inner, lockOf(1)).write('ot/a', utf8('old'), null)
  const storage = lockedStore(inner, lockOf(2))
  expect(await readToReplace({ storage }, 'ot/a')).toBeUndefined()
  await storage.write('ot/a', utf8('new'), null)
  expect((await lockedStore(inner, lockOf(1)).read('ot/a'))?.value).toEqual(utf8('old'))
})
