import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  backupWallet,
  createFrostClient,
  generateWallet,
  getWallet,
  listSets,
  provisionWallet,
  recoverWallet,
  refreshShares,
  sign,
  type Client,
  type SetLimits,
} from '../../../src/index.ts'
import { exportPrivateKey } from '../../../src/export.ts'
import { inviteDevice, joinWallet } from '../../../src/join.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { createWorld, type World } from '../../server/support/world.ts'
import { signsEcdsa, signsForBothKeys } from '../../support/e2e.ts'
import { seededRandom } from '../../support/random.ts'
import { plainMethod } from '../support/plain-method.ts'
import { join, newUser } from './support/join-devices.ts'

const HOUR = 3_600_000
const random = seededRandom()
const message = utf8('a message')
const method = plainMethod()

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), random)
})
afterAll(() => world.database.close())

const limitsOf = async (client: Client, walletId: string) => {
  const sets = await listSets(client, { walletId })
  const own = sets.find(({ thisDevice }) => thisDevice)
  return { scope: own?.scope, expiresAt: own?.expiresAt }
}
const inHours = (hours: number) => new Date(world.now() + hours * HOUR).toISOString()

describe.each([
  ['plain', false],
  ['sealed', true],
])('over %s transports', (_, isSealed) => {
  test('an invited device signs until its time is over, and does no more', async () => {
    const device = newUser(world, random, isSealed)
    // No clock of a client decides anything.
    const phone = device('phone', { now: () => 0, create: createFrostClient })
    const agent = device('agent', { now: () => Date.UTC(2100, 0, 1), create: createFrostClient })
    const { id: walletId, publicKeys } = await generateWallet(phone)
    const limits = { scope: 'agent', expiresAt: inHours(1) }
    const { wallet } = await join(phone, agent, walletId, limits)
    expect(wallet).toMatchObject({ id: walletId, ...limits })
    expect(await getWallet(agent, { walletId })).toMatchObject(limits)
    expect(await getWallet(phone, { walletId })).not.toHaveProperty('scope')
    expect(await limitsOf(agent, walletId)).toEqual(limits)
    expect(await limitsOf(phone, walletId)).toEqual({ scope: null, expiresAt: null })
    await signsForBothKeys(agent, walletId, publicKeys, message)
    await expect(backupWallet(agent, { walletId, method })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const exported = exportPrivateKey(agent, { walletId, curve: 'ed25519', authorization: 'a code' })
    await expect(exported).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    const next = await joinWallet(device('next'))
    await expect(inviteDevice(agent, { walletId, code: next.code })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    next.cancel()
    expect(await refreshShares(agent, { walletId })).toMatchObject(limits)
    expect(await limitsOf(agent, walletId)).toEqual(limits)
    world.pass(HOUR)
    const signing = () => sign(agent, { walletId, scheme: 'ed25519', message })
    await expect(signing()).rejects.toMatchObject({ code: 'SET_EXPIRED', retryable: false })
    await expect(signing()).rejects.toMatchObject({ code: 'SET_EXPIRED' })
    await expect(refreshShares(agent, { walletId })).rejects.toMatchObject({ code: 'SET_EXPIRED' })
    await signsForBothKeys(phone, walletId, publicKeys, message)
    // A new set is how it goes on.
    await join(phone, agent, walletId, { scope: 'agent', expiresAt: inHours(1) })
    await signsForBothKeys(agent, walletId, publicKeys, message)
  })

  test('a device is provisioned with a limited set', async () => {
    const device = newUser(world, random, isSealed)
    const [phone, job] = [device('phone'), device('job')]
    const { id: walletId, publicKeys } = await generateWallet(phone)
    const { cipherText, confirm } = await backupWallet(phone, { walletId, method })
    await confirm()
    const limits = { expiresAt: inHours(1) }
    expect(await provisionWallet(job, { cipherText, method, ...limits })).toMatchObject(limits)
    expect(await limitsOf(job, walletId)).toEqual({ scope: null, ...limits })
    await signsEcdsa(job, walletId, publicKeys, message)
    world.pass(HOUR)
    await expect(sign(job, { walletId, scheme: 'ed25519', message })).rejects.toMatchObject({ code: 'SET_EXPIRED' })
    await expect(provisionWallet(job, { cipherText, method, ...limits })).rejects.toMatchObject({ code: 'SET_EXPIRED' })
    await provisionWallet(job, { cipherText, method })
    await signsForBothKeys(job, walletId, publicKeys, message)
  })
})

test.each<[string, SetLimits | object, typeof Error]>([
  ['a scope with capitals', { scope: 'Agent' }, RangeError],
  ['an empty scope', { scope: '' }, RangeError],
  ['a scope that is no string', { scope: 1 }, TypeError],
  ['a day', { expiresAt: '2026-12-01' }, RangeError],
  ['a day that there is not', { expiresAt: '2026-02-30T00:00:00.000Z' }, RangeError],
  ['a Date', { expiresAt: new Date(0) }, TypeError],
])('%s is refused before anything is sent', async (_, limits, type) => {
  const device = newUser(world, random, false)
  const phone = device('phone', {
    over: () => ({ request: () => Promise.reject(new Error('nothing may be sent')) }),
  })
  const invitation = { walletId: '0'.repeat(32), code: 'A'.repeat(192), ...limits }
  await expect(inviteDevice(phone, invitation)).rejects.toThrow(type)
  await expect(provisionWallet(phone, { cipherText: 'a', method, ...limits })).rejects.toThrow(type)
})

test('a limited set replaces nothing', async () => {
  const client = newUser(world, random, false)('phone')
  const limited = { cipherText: 'a', method, scope: 'agent' } as const
  await expect(recoverWallet(client, { ...limited, existingSets: 'retire' })).rejects.toThrow(TypeError)
  await expect(recoverWallet(client, { ...limited, existingSets: 'keep', dryRun: true })).rejects.toThrow(TypeError)
  await expect(provisionWallet(client, { ...limited, rotateBackup: true })).rejects.toThrow(TypeError)
})
