import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UNDECIDED_MS } from '../../../src/client/wallets/wallet-record.ts'
import { changeWallet, readWallet } from '../../../src/client/wallets/wallet-store.ts'
import { findWallets, generateWallet, listWallets, resume, type Transport } from '../../../src/index.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'
import { join, newUser, stopping, type MakeDevice } from './support/join-devices.ts'

const random = seededRandom()
const message = utf8('a message')
const LAST = { method: 'POST', round: 4 } as const

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** Two devices of which one has a wallet, and the store of the other. */
async function pair() {
  const device = newUser(world, random, false)
  const [phone, store] = [device('phone'), memoryStore()]
  const known = await generateWallet(phone)
  return { device, phone, store, known }
}

type Pair = Awaited<ReturnType<typeof pair>>

/** Joins until the joining device's process ends at its last message: it gets no response, and does nothing more. */
async function endAt(when: 'before' | 'after', { device, phone, store, known }: Pair): Promise<void> {
  const reached = new Promise<void>((resolve) => {
    const over = ({ request }: Transport): Transport => ({
      async request(one) {
        if (!one.path.endsWith('/rounds/4') || one.method === 'GET') return request(one)
        if (when === 'after') await request(one)
        resolve()
        return new Promise(() => {})
      },
    })
    void startJoin(device('tablet', { storage: store, over }), phone, known.id)
  })
  await reached
}

async function startJoin(tablet: ReturnType<MakeDevice>, phone: ReturnType<MakeDevice>, walletId: string) {
  const { code } = await joinWallet(tablet)
  await inviteDevice(phone, { walletId, code, timeoutMs: 2000 }).catch(() => undefined)
}

const setsOf = async ({ known }: Pair) =>
  (await world.database.query('select state from reshare_sets where wallet_id = $1 order by ordinal', [known.id])).map(
    ({ state }) => state,
  )

describe('a last message', () => {
  test('that the server refuses leaves nothing, and the device joins again', async () => {
    const them = await pair()
    const { device, phone, store, known } = them
    let cancel = () => {}
    const over = (transport: Transport) => ({
      async request(one: Parameters<Transport['request']>[0]) {
        // The user cancels on the other device, whose request to abort comes first.
        if (one.path.endsWith('/rounds/4') && one.method === 'POST') await cancelled()
        return transport.request(one)
      },
    })
    const stop = new AbortController()
    const { code, done } = await joinWallet(device('tablet', { storage: store, over }))
    const inviting = inviteDevice(phone, { walletId: known.id, code, signal: stop.signal })
    const cancelled = () => (cancel(), inviting.catch(() => undefined))
    cancel = () => stop.abort()
    await expect(done).rejects.toMatchObject({ code: 'PROTOCOL_ABORTED' })
    await expect(inviting).rejects.toMatchObject({ code: 'ABORTED' })

    const tablet = device('tablet', { storage: store })
    expect(await store.list('share/')).toEqual([])
    expect([await resume(tablet), await listWallets(tablet)]).toEqual([[], []])
    expect(await findWallets(tablet)).toMatchObject([{ id: known.id }])
    expect(await setsOf(them)).toEqual(['ACTIVE', 'ABORTED'])
    expect((await join(phone, tablet, known.id)).wallet).toMatchObject({ id: known.id })
    await signsForBothKeys(tablet, known.id, known.publicKeys, message)
  })

  test('that was not sent, since the process ended, is undone once its time is over', async () => {
    const them = await pair()
    const { device, store, known } = them
    await endAt('before', them)
    expect(await store.list('share/')).toHaveLength(1)
    expect(await resume(device('tablet', { storage: store }))).toMatchObject([
      { outcome: 'FAILED', error: { code: 'OPERATION_IN_PROGRESS' } },
    ])
    const later = device('tablet', { storage: store, now: () => Date.now() + UNDECIDED_MS })
    expect(await resume(later)).toEqual([])
    expect([await store.list('share/'), await readWallet(later, known.id)]).toEqual([[], undefined])
    expect(await setsOf(them)).toEqual(['ACTIVE', 'ABORTED'])
  })

  test('that was not sent does not keep the device from joining at once', async () => {
    const them = await pair()
    const { device, phone, store, known } = them
    await endAt('before', them)
    const { wallet } = await join(phone, device('tablet', { storage: store }), known.id)
    expect(wallet).toMatchObject({ id: known.id })
    const later = device('tablet', { storage: store, now: () => Date.now() + UNDECIDED_MS })
    expect(await resume(later)).toMatchObject([{ outcome: 'READY', wallet }])
    expect(await store.list('share/')).toHaveLength(1)
    await signsForBothKeys(later, known.id, known.publicKeys, message)
  })

  test('that the server has taken, before the process ended, is found and proven', async () => {
    const them = await pair()
    const { device, store, known } = them
    await endAt('after', them)
    const tablet = device('tablet', { storage: store })
    expect(await resume(tablet)).toMatchObject([{ outcome: 'READY', wallet: { id: known.id } }])
    expect((await readWallet(tablet, known.id))?.sets).toMatchObject([{ state: 'ACTIVE', proofPending: false }])
    await signsForBothKeys(tablet, known.id, known.publicKeys, message)
  })

  test('that failed for a wallet that the device knows keeps what it knew', async () => {
    const { device, phone, store, known } = await pair()
    const tablet = device('tablet', { storage: store })
    const { wallet } = await join(phone, tablet, known.id)
    const lost = stopping(LAST, 'before', () => {
      throw new Error('lost')
    })
    await startJoin(device('tablet', { storage: store, over: lost }), phone, known.id)
    expect(await store.list('share/')).toHaveLength(2)
    const later = device('tablet', { storage: store, now: () => Date.now() + UNDECIDED_MS })
    expect(await resume(later)).toMatchObject([{ outcome: 'READY', wallet }])
    expect(await store.list('share/')).toHaveLength(1)
    await signsForBothKeys(later, known.id, known.publicKeys, message)
  })
})

test('what is left of a wallet whose first set was not committed gives way to its other keys', async () => {
  const client = newUser(world, random, false)('tablet')
  const walletId = '12'.repeat(16)
  const record = (byte: number) => ({
    walletId,
    publicKeys: { secp256k1: new Uint8Array(33).fill(byte), ed25519: new Uint8Array(32).fill(byte) },
    activeSetId: null,
    isNew: true,
    sets: [],
  })
  const seen: unknown[] = []
  for (const byte of [2, 3]) await changeWallet(client, walletId, (known) => (seen.push(known), record(byte)))
  expect(seen).toEqual([undefined, undefined])
  expect(await readWallet(client, walletId)).toBe(undefined)
  await changeWallet(client, walletId, () => ({ ...record(4), isNew: false }))
  expect(await readWallet(client, walletId)).toEqual({ ...record(4), isNew: false })
})
