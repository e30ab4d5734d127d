import { describe, expect, test } from 'vitest'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { SetLimits } from '../../../src/wire/set-limits.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, play, setStatus, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, newDevices, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin, type JoinOptions } from '../support/joins.ts'
import { HOUR, inMs, limitedDevices, withSetup } from '../support/limited-sets.ts'
import { newBackup, newWallet, prove, recover, refresh, setIdOf, sign, signEcdsa } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

describe.each(databaseKinds)('on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)
  const clientId = () => `client-${toHex(world.random(8))}`
  const limits = () => ({ scope: 'agent', expiresAt: inMs(world, HOUR) })

  /** Sends a first request with other limits in its header. */
  const postWith = (client: ServerClient, operationId: string, body: Uint8Array, changed: Record<string, unknown>) => {
    const { header, messages } = decodeRoundBody(body)
    const entries = Object.entries({ ...(header as object), ...changed }).filter(([, value]) => value !== undefined)
    const changedBody = encodeRoundBody({ header: Object.fromEntries(entries), messages })
    return client.send('POST', paths.round(operationId, 1), changedBody)
  }

  const WIDER: readonly [string, Record<string, unknown>][] = [
    ['no scope', { scope: undefined }],
    ['another scope', { scope: 'treasury' }],
    ['no expiry', { expiresAt: undefined }],
    ['a later expiry', { expiresAt: '2100-01-01T00:00:00.000Z' }],
    ['no limits', { scope: undefined, expiresAt: undefined }],
  ]

  test.each(WIDER)('a relay that asks for %s is refused, under any operation id', async (_, changed) => {
    const { phone, tablet, tabletId } = newDevices(world, server, clientId())
    const wallet = await newWallet(phone)
    const half = await newBackup(phone, wallet)
    const join = new TestJoin(phone, tablet, wallet.signing, { joiningDeviceId: tabletId, ...limits() })
    const first = await join.make(1)
    const recovery = recover(tablet, half, limits())
    for (const id of [join.operationId, toHex(world.random(16))]) {
      expect(codeOf(await postWith(phone, id, first, changed))).toBe('PROTOCOL_ABORTED')
    }
    expect(codeOf(await postWith(phone, toHex(world.random(16)), first, {}))).toBe('PROTOCOL_ABORTED')
    for (const id of [recovery.operationId, toHex(world.random(16))]) {
      expect(codeOf(await postWith(tablet, id, recovery.body!, changed))).toBe('PROTOCOL_ABORTED')
    }
    // What was meant is still made.
    join.take(1, await join.post(1))
    await join.play(2)
    await play(recovery)
  })

  test.each(WIDER)('a stored request that is changed to %s makes no set', async (_, changed) => {
    const { phone, tablet, tabletId } = newDevices(world, server, clientId())
    const wallet = await newWallet(phone)
    const half = await newBackup(phone, wallet)
    const join = await new TestJoin(phone, tablet, wallet.signing, { joiningDeviceId: tabletId, ...limits() }).play(
      1,
      1,
    )
    const recovery = recover(tablet, half, limits())
    recovery.take(await recovery.post())
    for (const { operationId, request } of [join, recovery]) {
      await world.database.query('update reshare_operations set request = $2 where operation_id = $1', [
        operationId,
        JSON.stringify({ ...request, ...changed }),
      ])
    }
    await expect(join.play(2)).rejects.toThrow()
    await expect(play(recovery)).rejects.toThrow()
    for (const { operationId } of [join, recovery]) {
      const made = await world.database.query('select state from reshare_sets where operation_id = $1', [operationId])
      expect(made).toEqual([])
    }
    world.errors.splice(0)
  })

  test.each<[string, string | null, string | null]>([
    ['no limits', null, null],
    ['another scope', 'treasury', '2100-01-01T00:00:00.000Z'],
    ['no expiry', 'agent', null],
  ])('a refresh under way of a set that is changed to %s in the database makes none', async (_, scope, expiresAt) => {
    const { agent, limited, setId } = await limitedDevices(world, server, clientId())
    const operation = refresh(agent, limited)
    operation.take(await operation.post())
    // Who writes the database also writes what keeps others from it.
    await world.database.query('alter table reshare_sets disable trigger reshare_sets_keep_limits')
    const change = 'update reshare_sets set scope = $2, expires_at = $3 where set_id = $1'
    await world.database.query(change, [setId, scope, expiresAt === null ? null : new Date(expiresAt)])
    await world.database.query('alter table reshare_sets enable trigger reshare_sets_keep_limits')
    await expect(play(operation)).rejects.toThrow()
    const made = await world.database.query('select state from reshare_sets where operation_id = $1', [
      operation.operationId,
    ])
    expect(made).toEqual([])
    world.errors.splice(0)
  })

  test.each<[string, SetLimits]>([
    ['none', {}],
    ['a later expiry', { scope: 'agent', expiresAt: '2100-01-01T00:00:00.000Z' }],
  ])('a joining device that believes in %s gets no set', async (_, believed) => {
    const { phone, tablet, tabletId } = newDevices(world, server, clientId())
    const wallet = await newWallet(phone)
    const join = new TestJoin(phone, tablet, wallet.signing, { joiningDeviceId: tabletId, ...limits() }, believed)
    await expect(join.play()).rejects.toThrow()
    const made = await world.database.query('select state from reshare_sets where operation_id = $1', [
      join.operationId,
    ])
    expect(made).toEqual([])
  })

  test.each<[string, object]>([
    ['a scope in capitals', { scope: 'Agent' }],
    ['an empty scope', { scope: '' }],
    ['a scope that begins with a hyphen', { scope: '-agent' }],
    ['a long scope', { scope: 'a'.repeat(65) }],
    ['a scope with a space', { scope: 'agent 7' }],
    ['a scope that is a list', { scope: ['agent'] }],
    ['null for a scope', { scope: null }],
    ['a day', { expiresAt: '2026-12-01' }],
    ['a time of another zone', { expiresAt: '2026-12-01T00:00:00.000+01:00' }],
    ['a time without milliseconds', { expiresAt: '2026-12-01T00:00:00Z' }],
    ['a day that there is not', { expiresAt: '2026-02-30T00:00:00.000Z' }],
    ['a year of six digits', { expiresAt: '+012026-12-01T00:00:00.000Z' }],
    ['a number', { expiresAt: 1_800_000_000_000 }],
    ['null for a time', { expiresAt: null }],
  ])('%s is malformed', async (_, changed) => {
    const { phone, tablet, tabletId } = newDevices(world, server, clientId())
    const wallet = await newWallet(phone)
    const options = { joiningDeviceId: tabletId, ...(changed as JoinOptions) }
    const join = new TestJoin(phone, tablet, wallet.signing, options, {})
    await join.make(1)
    expect(codeOf(await join.post(1))).toBe('BAD_REQUEST')
  })

  // A client whose clock is slow asks for a time that is over; one whose clock is fast gets what it has asked for.
  test('a time is judged by the clock of the server', async () => {
    const { phone, tablet, tabletId } = newDevices(world, server, clientId())
    const wallet = await newWallet(phone)
    for (const ms of [-1, 0]) {
      const options = { joiningDeviceId: tabletId, expiresAt: inMs(world, ms) }
      const join = new TestJoin(phone, tablet, wallet.signing, options)
      await join.make(1)
      expect(codeOf(await join.post(1))).toBe('SET_EXPIRED')
    }
    const options = { joiningDeviceId: tabletId, expiresAt: inMs(world, 1) }
    await new TestJoin(phone, tablet, wallet.signing, options).play()
  })

  test('a set that takes its time from a wider one never gets it back by refresh, whatever id it has', async () => {
    const made = await limitedDevices(world, server, clientId())
    const { agent, limited, limits: given } = made
    const first = refresh(agent, limited)
    expect(codeOf(await postWith(agent, first.operationId, first.body!, { scope: 'treasury' }))).toBe('BAD_REQUEST')
    expect(codeOf(await postWith(agent, first.operationId, first.body!, { expiresAt: inMs(world, 2 * HOUR) }))).toBe(
      'BAD_REQUEST',
    )
    const [successor] = (await play(first)).prepared
    await play(prove(agent, successor!))
    expect(await setStatus(agent, setIdOf(successor!))).toMatchObject(given)
  })

  test('the policy gets the limits of the set that is used, and of the one that would be made', async () => {
    const asked: PolicyRequest[] = []
    const judged = deviceServer(world, { policy: (request) => asked.push(request) > 0 })
    const made = await limitedDevices(world, judged, clientId())
    const { agent, limited, setId, limits: given } = made
    const join = asked.find(({ action }) => action === 'join')
    expect(join).toMatchObject({ newScope: 'agent', newExpiresAt: given.expiresAt })
    expect(join).not.toHaveProperty('scope')
    asked.splice(0)
    await play(sign(agent, limited.signing))
    await play(signEcdsa(agent, limited))
    await withSetup(agent, limited.signing)
    await play(prove(agent, limited.signing))
    const [successor] = (await play(refresh(agent, limited))).prepared
    await agent.send('POST', paths.retire(setId))
    expect(asked.map(({ action }) => action)).toEqual(['sign', 'sign', 'setup', 'prove', 'refresh', 'retire'])
    for (const request of asked) expect(request).toMatchObject({ setId, ...given })
    expect(successor).toBeDefined()
  })
})
