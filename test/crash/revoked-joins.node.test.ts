import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  generateWallet,
  isMpcError,
  listDevices,
  resume,
  revokeDevice,
  type Transport,
  type TransportRequest,
} from '../../src/index.ts'
import { inviteDevice, joinWallet } from '../../src/join.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { createWorld, type World } from '../server/support/world.ts'
import { signsForBothKeys } from '../support/e2e.ts'
import { seededRandom } from '../support/random.ts'
import { deviceId, join, newUser } from '../client/join/support/join-devices.ts'

const random = seededRandom()
const message = utf8('a message')

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

/** Every request of the two devices of a join, without polls that come too early. */
const REQUESTS = [
  ['inviting', 'POST', 1],
  ['joining', 'GET', 1],
  ['joining', 'POST', 2],
  ['inviting', 'GET', 2],
  ['inviting', 'POST', 3],
  ['joining', 'GET', 3],
  ['joining', 'POST', 4],
  ['inviting', 'GET', 4],
] as const
const POINTS = REQUESTS.flatMap((request) => [['before', ...request] as const, ['after', ...request] as const])

type Point = (typeof POINTS)[number]

test('the inviting device is revoked at any point of a join: a whole set or none', { timeout: 600_000 }, async () => {
  const points = process.env['RESHARE_CRASH_REPORT'] === undefined ? [random.pick(POINTS)] : POINTS
  for (const point of points) await revokeAt(point)
})

async function revokeAt([when, side, method, round]: Point): Promise<void> {
  const device = newUser(world, random, true)
  const [phoneStore, tabletStore] = [memoryStore(), memoryStore()]
  const [known, watch] = [device('phone', { storage: phoneStore }), device('watch')]
  const { id: walletId, publicKeys } = await generateWallet(known)
  await join(known, watch, walletId)
  await resume(known)
  const phoneId = await deviceId(phoneStore)

  let revoked: Promise<unknown> | undefined
  const revoke = async ({ method: sent, path }: TransportRequest) => {
    if (sent === method && path.endsWith(`/rounds/${round}`))
      await (revoked ??= revokeDevice(watch, { deviceId: phoneId }))
  }
  const over = ({ request, deviceId }: Transport): Transport => ({
    ...(deviceId && { deviceId }),
    async request(one) {
      if (when === 'before') await revoke(one)
      const response = await request(one)
      if (when === 'after') await revoke(one)
      return response
    },
  })
  const phone = device('phone', { storage: phoneStore, ...(side === 'inviting' && { over }) })
  const tablet = device('tablet', { storage: tabletStore, ...(side === 'joining' && { over }) })
  const { code, done } = await joinWallet(tablet, { timeoutMs: 4000 })
  const outcomes = await Promise.allSettled([inviteDevice(phone, { walletId, code, timeoutMs: 2000 }), done])
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(isMpcError(outcome.reason)).toBe(true)
  }
  await revoked
  expect((await listDevices(watch)).find((one) => one.deviceId === phoneId)?.revokedAt).not.toBe(null)

  const reports = await resume(tablet)
  const sets = await world.database.query(
    `select made.state, share.set_id is not null as has_share from reshare_sets made
       left join reshare_shares share using (set_id) where wallet_id = $1 and device = $2`,
    [walletId, await deviceId(tabletStore)],
  )
  if (outcomes[1].status === 'fulfilled') {
    expect([reports, sets]).toMatchObject([[{ outcome: 'READY' }], [{ state: 'ACTIVE', has_share: true }]])
    await signsForBothKeys(tablet, walletId, publicKeys, message)
  } else {
    expect([reports, await tabletStore.list('share/')]).toEqual([[], []])
    for (const set of sets) expect(set).toEqual({ state: 'ABORTED', has_share: false })
  }
  await expect(inviteDevice(phone, { walletId, code })).rejects.toMatchObject({ code: 'DEVICE_REVOKED' })
  await signsForBothKeys(watch, walletId, publicKeys, message)
}
