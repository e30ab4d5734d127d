import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateWallet, listWallets, resume } from '../../../src/index.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { JOIN_RELAY_INDEX } from '../../../src/wire/join.ts'
import type { RoundBody, SessionMessage } from '../../../src/wire/round-body.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'
import { flip } from '../../support/simulator.ts'
import { losingAnswers } from '../support/faults.ts'
import { editing, join, newUser, stopping, type DeviceOptions, type Part } from './support/join-devices.ts'

const random = seededRandom()
const message = utf8('a message')

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** Two devices, of which one has a wallet. */
async function pair(
  over: { readonly inviting?: DeviceOptions['over']; readonly joining?: DeviceOptions['over'] } = {},
) {
  const device = newUser(world, random, false)
  const store = memoryStore()
  const phoneStore = memoryStore()
  const clean = device('phone', { storage: phoneStore })
  const known = await generateWallet(clean)
  // Sends the proof that is pending, so that the rounds of the phone that a test changes are those of the join.
  expect(await resume(clean)).toMatchObject([{ outcome: 'READY' }])
  const phone = device('phone', { storage: phoneStore, ...(over.inviting && { over: over.inviting }) })
  const tablet = device('tablet', { storage: store, ...(over.joining && { over: over.joining }) })
  return { known, phone, tablet, store, clean }
}

type Pair = Awaited<ReturnType<typeof pair>>

/** Nothing of a join is left on the joining device, and the inviting one signs as before. */
async function expectUndone({ known, tablet, store, clean }: Pair): Promise<void> {
  await resume(tablet)
  expect(await store.list('share/')).toEqual([])
  expect(await listWallets(tablet)).toEqual([])
  await signsForBothKeys(clean, known.id, known.publicKeys, message)
}

const isRelayed = ({ sessionIndex }: SessionMessage) => sessionIndex === JOIN_RELAY_INDEX
const changed =
  (which: (one: SessionMessage) => boolean, change: (envelope: Uint8Array) => Uint8Array) =>
  ({ header, messages }: RoundBody<object>): RoundBody<object> => ({
    header,
    messages: messages.map((one) => (which(one) ? { ...one, envelope: change(one.envelope) } : one)),
  })
const without =
  (which: (one: SessionMessage) => boolean) =>
  ({ header, messages }: RoundBody<object>) => ({
    header,
    messages: messages.filter((one) => !which(one)),
  })

describe('a server that changes what it relays', () => {
  const parts: readonly (readonly [part: Part, reader: 'inviting' | 'joining'])[] = [
    [{ method: 'GET', round: 1 }, 'joining'],
    [{ method: 'GET', round: 2 }, 'inviting'],
    [{ method: 'GET', round: 3 }, 'joining'],
  ]

  test.each(parts)('%j: a message of the other device that was changed does not open', async (part, reader) => {
    const them = await pair({
      [reader]: editing(
        part,
        changed(isRelayed, (bytes) => flip(bytes, bytes.length - 1)),
      ),
    })
    const outcomes = await join(them.phone, them.tablet, them.known.id)
    const [failed, other] =
      reader === 'joining' ? [outcomes.wallet, outcomes.invited] : [outcomes.invited, outcomes.wallet]
    expect(failed).toMatchObject({ code: 'CHANNEL_FAILED' })
    expect(other).toMatchObject({ code: 'JOIN_CANCELLED' })
    await expectUndone(them)
  })

  test.each(parts)('%j: a message of the other device that was left out ends it', async (part, reader) => {
    const them = await pair({ [reader]: editing(part, without(isRelayed)) })
    const outcomes = await join(them.phone, them.tablet, them.known.id)
    expect(reader === 'joining' ? outcomes.wallet : outcomes.invited).toMatchObject({ code: 'PROTOCOL_ABORTED' })
    await expectUndone(them)
  })

  test('the first message again in the place of the second', async () => {
    let first: Uint8Array | undefined
    const record = editing({ method: 'GET', round: 1 }, (body) => {
      first = body.messages.find(isRelayed)!.envelope.slice()
      return body
    })
    const replay = editing(
      { method: 'GET', round: 3 },
      changed(isRelayed, () => first!),
    )
    const them = await pair({ joining: (transport) => replay(record(transport)) })
    const { wallet, invited } = await join(them.phone, them.tablet, them.known.id)
    expect(wallet).toMatchObject({ code: 'CHANNEL_FAILED' })
    expect(invited).toMatchObject({ code: 'JOIN_CANCELLED' })
    await expectUndone(them)
  })

  test.each([
    [{ method: 'GET', round: 1 }, 'joining'],
    [{ method: 'POST', round: 2 }, 'joining'],
    [{ method: 'GET', round: 3 }, 'joining'],
    [{ method: 'POST', round: 1 }, 'inviting'],
    [{ method: 'GET', round: 2 }, 'inviting'],
  ] as const)('%j: its own messages changed or left out give nobody a set', async (part, reader) => {
    const isOwn = (one: SessionMessage) => !isRelayed(one)
    for (const edit of [changed(isOwn, (bytes) => flip(bytes, 60)), without(isOwn)]) {
      const them = await pair({ [reader]: editing(part, edit) })
      const { wallet, invited } = await join(them.phone, them.tablet, them.known.id)
      const failed = [wallet, invited].map((one) => (one as { code?: string }).code)
      // The server says SET_MISMATCH where a device has another session id than itself.
      expect(failed.filter((code) => code !== 'JOIN_CANCELLED')).not.toEqual([])
      for (const code of failed) expect(['PROTOCOL_ABORTED', 'SET_MISMATCH', 'JOIN_CANCELLED']).toContain(code)
      await expectUndone(them)
    }
  })

  test('a response that is not the status of a join', async () => {
    const them = await pair({ joining: editing({ method: 'GET', round: 1 }, (body) => ({ ...body, header: {} })) })
    const { wallet } = await join(them.phone, them.tablet, them.known.id)
    expect(wallet).toMatchObject({ code: 'MALFORMED_RESPONSE' })
    await expectUndone(them)
  })

  test('a result that names another set does not activate it', async () => {
    const header = { setId: '11'.repeat(32), state: 'ACTIVE' }
    const them = await pair({ joining: editing({ method: 'POST', round: 4 }, (body) => ({ ...body, header })) })
    const { wallet, invited } = await join(them.phone, them.tablet, them.known.id)
    expect(wallet).toMatchObject({ code: 'SET_MISMATCH' })
    // The server has committed the set that both made: the next use finds out.
    expect(await listWallets(them.tablet)).toMatchObject([{ setId: (invited as { setId: string }).setId }])
  })
})

describe('a code', () => {
  test('is used once', async () => {
    const them = await pair()
    const { code, invited } = await join(them.phone, them.tablet, them.known.id)
    expect(invited).toMatchObject({ setId: expect.any(String) as string })
    const again = inviteDevice(them.phone, { walletId: them.known.id, code })
    await expect(again).rejects.toMatchObject({ code: 'JOIN_USED' })
  })

  test.each([
    ['has given up', 'ABORTED'],
    ['has waited too long', 'JOIN_EXPIRED'],
  ])('of a device that %s is of no use', async (_, reason) => {
    const them = await pair()
    const { code, done, cancel } = await joinWallet(them.tablet, reason === 'ABORTED' ? {} : { timeoutMs: 50 })
    if (reason === 'ABORTED') cancel()
    await expect(done).rejects.toMatchObject({ code: reason })
    const late = inviteDevice(them.phone, { walletId: them.known.id, code, timeoutMs: 1000 })
    await expect(late).rejects.toMatchObject({ code: 'JOIN_EXPIRED' })
    await expectUndone(them)
  })

  test('of a device that is gone', async () => {
    const them = await pair({ joining: () => ({ request: () => new Promise(() => {}) }) })
    const { code, cancel } = await joinWallet(them.tablet)
    const alone = inviteDevice(them.phone, { walletId: them.known.id, code, timeoutMs: 400 })
    await expect(alone).rejects.toMatchObject({ code: 'JOIN_EXPIRED' })
    cancel()
    await signsForBothKeys(them.phone, them.known.id, them.known.publicKeys, message)
  })

  test('does not invite to another wallet than the app expects', async () => {
    const them = await pair()
    const other = await generateWallet(them.clean)
    for (const expected of [{ walletId: other.id }, { publicKeys: other.publicKeys }]) {
      const { code, done } = await joinWallet(them.tablet, expected)
      const inviting = inviteDevice(them.phone, { walletId: them.known.id, code })
      await Promise.all([
        expect(done).rejects.toMatchObject({ code: 'SET_MISMATCH' }),
        expect(inviting).rejects.toMatchObject({ code: 'JOIN_CANCELLED' }),
      ])
      await expectUndone(them)
    }
  })
})

/** Every message that a device sends or gets in a join. */
const STEPS: readonly (readonly [who: 'inviting' | 'joining', part: Part])[] = [
  ['inviting', { method: 'POST', round: 1 }],
  ['inviting', { method: 'GET', round: 2 }],
  ['inviting', { method: 'POST', round: 3 }],
  ['inviting', { method: 'GET', round: 4 }],
  ['joining', { method: 'GET', round: 1 }],
  ['joining', { method: 'POST', round: 2 }],
  ['joining', { method: 'GET', round: 3 }],
  ['joining', { method: 'POST', round: 4 }],
]

describe('a device that stops', () => {
  test.each(STEPS.flatMap(([who, part]) => (['before', 'after'] as const).map((when) => [who, when, part] as const)))(
    'the %s one, %s %j: both sets that are left sign, and nothing is left over',
    async (who, when, part) => {
      const stop = { inviting: new AbortController(), joining: new AbortController() }
      const them = await pair({ [who]: stopping(part, when, () => stop[who].abort()) })
      const { code, done } = await joinWallet(them.tablet, { signal: stop.joining.signal })
      const inviting = inviteDevice(them.phone, { walletId: them.known.id, code, signal: stop.inviting.signal })
      // One that stops before the server knows of the join leaves the other one waiting: its user gives up then.
      const giveUp = () => setTimeout(() => Object.values(stop).forEach((one) => one.abort()), 500)
      void (who === 'joining' ? done : inviting).catch(giveUp)
      const [wallet, invited] = await Promise.all([done, inviting].map((one) => one.catch((error: unknown) => error)))
      const stopped = who === 'joining' ? wallet : invited
      // A device that stops after its last message may be done all the same.
      if (part.round < 4) expect(stopped).toMatchObject({ code: 'ABORTED' })
      await agree(them)
    },
  )

  test.each([
    ['reached the server', true],
    ['was lost', false],
  ])('a last message whose response is lost, and that %s: resume knows', async (_, isPlayed) => {
    const isLast = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path.endsWith('/rounds/4')
    const them = await pair({
      joining: (transport) =>
        isPlayed
          ? losingAnswers(transport, isLast)
          : {
              request: (request) => (isLast(request) ? Promise.reject(new Error('lost')) : transport.request(request)),
            },
    })
    const { code, done } = await joinWallet(them.tablet)
    const inviting = inviteDevice(them.phone, { walletId: them.known.id, code, timeoutMs: 1500 }).catch(
      (error: unknown) => error,
    )
    await expect(done).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
    expect(await them.store.list('share/')).toHaveLength(1)
    expect(await resume(them.tablet)).toMatchObject(isPlayed ? [{ outcome: 'READY' }] : [])
    expect(await them.store.list('share/')).toHaveLength(isPlayed ? 1 : 0)
    expect(await inviting).toMatchObject(isPlayed ? { deviceId: null } : { code: 'JOIN_CANCELLED' })
    await agree(them)
  })
})

/** The joining device has a set that signs, or nothing; the other one signs as before. */
async function agree({ known, tablet, store, clean }: Pair): Promise<void> {
  await resume(tablet)
  const wallets = await listWallets(tablet)
  for (const { id } of wallets) await signsForBothKeys(tablet, id, known.publicKeys, message)
  expect(await store.list('share/')).toHaveLength(wallets.length)
  await signsForBothKeys(clean, known.id, known.publicKeys, message)
}
