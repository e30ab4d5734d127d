import { describe, expect, test } from 'vitest'
import { paths } from '../../../src/wire/paths.ts'
import type { Database, Queryable } from '../../../src/service/database/types.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { databaseKinds, isChosen } from '../../e2e/support/databases.ts'
import { codeOf, type ClientOperation, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, newDevice, plantSet, revokeDevice, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { interruptedDatabase } from '../support/interrupted-database.ts'
import { generate, recover, refresh, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

/** A phone in the middle of something, and a tablet that may revoke it. */
interface Scene {
  readonly clientId: string
  readonly phoneId: string
  readonly tabletId: string
  readonly tablet: ServerClient
  readonly operation: ClientOperation
}

const kinds = ['sign', 'refresh', 'recover', 'generate'] as const

describe.each(databaseKinds)('revoking a device on $name', ({ name, open }) => {
  const chosen = isChosen(name, 'revoked devices')
  let world: World
  let server: DeviceServer
  fileWorld(async (made) => {
    world = made
    server = deviceServer(world)
  }, open)

  /** The phone's operation before its last round, or before its first. */
  async function scene(kind: (typeof kinds)[number], begun: boolean): Promise<Scene> {
    const clientId = `client-${toHex(world.random(8))}`
    const [phoneId, tabletId] = [newDevice(world), newDevice(world)]
    const phone = server.client(clientId, phoneId)
    const plant = (device: string | null, walletId?: string) =>
      plantSet(world, server.context, { clientId, device, proven: true, ...(walletId && { walletId }) })
    const signing = await plant(phoneId)
    const walletId = toHex(signing.walletId)
    await plant(tabletId, walletId)
    const half = await plantSet(world, server.context, { clientId, device: null, purpose: 'backup' })
    const operation = start(kind, phone, signing, half)
    if (begun) while (operation.round < rounds[kind]) operation.take(await operation.post())
    return { clientId, phoneId, tabletId, tablet: server.client(clientId, tabletId), operation }
  }

  const rounds = { sign: 1, refresh: 3, recover: 3, generate: 2 }

  function start(kind: (typeof kinds)[number], phone: ServerClient, signing: WalletShares, half: WalletShares) {
    switch (kind) {
      case 'sign':
        return sign(phone, signing)
      case 'refresh':
        return refresh(phone, { walletId: toHex(signing.walletId), signing })
      case 'recover':
        return recover(phone, half, { existingSets: 'retire', rotateBackup: 'PASSWORD' })
      case 'generate':
        return generate(phone)
    }
  }

  /** What holds from the commit of a revocation on, whatever was going on. */
  async function expectOver({ clientId, phoneId, operation }: Scene): Promise<void> {
    const { query } = world.database
    const sets = `select set_id from reshare_sets where client_id = $1 and device = $2 and purpose = 'signing'`
    const of = [clientId, phoneId]
    expect(await query(`${sets} and state not in ('DESTROYED', 'ABORTED')`, of)).toEqual([])
    expect(await query(`select set_id from reshare_shares where set_id in (${sets})`, of)).toEqual([])
    const open = await query(
      `select 1 from reshare_operations open where client_id = $1 and device = $2 and not exists
         (select 1 from reshare_decisions where client_id = $1 and operation_id = open.operation_id)`,
      of,
    )
    expect(open).toEqual([])
    const phone = server.client(clientId, phoneId)
    expect(codeOf(await operation.post(phone))).toBe('DEVICE_REVOKED')
  }

  const interrupted = (nth: number, meanwhile: () => Promise<void>) =>
    interruptedDatabase(world.database, nth, meanwhile)

  const points = [
    ['sign', true],
    ['refresh', true],
    ['recover', true],
    ['generate', false],
  ] as const

  test.runIf(chosen).each(points)(
    'anywhere within a round of %s (begun: %s) ends it, unless it has ended before',
    async (kind, begun) => {
      for (let nth = 1; ; nth++) {
        const now = await scene(kind, begun)
        const { clientId, phoneId, operation } = now
        let committed = false
        const { database, reached } = interrupted(nth, async () => {
          await revokeDevice(now.tablet, phoneId)
          const [row] = await world.database.query(
            'select decision from reshare_decisions where client_id = $1 and operation_id = $2',
            [clientId, operation.operationId],
          )
          committed = row?.['decision'] === 'COMMIT'
        })
        const answer = await operation.post(deviceServer(world, { database }).client(clientId, phoneId))
        if (!reached()) {
          expect([nth > 3, answer.status]).toEqual([true, 200])
          return
        }
        if (!committed) expect([kind, nth, answer.status]).not.toEqual([kind, nth, 200])
        await expectOver(now)
      }
    },
  )

  test.runIf(chosen).each(['retire', 'confirm', 'abort', 'revoke'] as const)(
    'just before its own %s is done undoes it',
    async (verb) => {
      const now = await scene('refresh', true)
      const { clientId, phoneId, operation } = now
      const loose = await plantSet(world, server.context, { clientId, device: null, proven: true })
      await plantSet(world, server.context, { clientId, device: null, walletId: toHex(loose.walletId), proven: true })
      const waiting = { clientId, device: phoneId, purpose: 'backup', state: 'PREPARED' } as const
      const path = {
        retire: paths.retire(setIdOf(loose)),
        confirm: paths.confirm(setIdOf(await plantSet(world, server.context, waiting))),
        abort: paths.abort(operation.operationId),
        revoke: paths.revoke(phoneId),
      }[verb]
      let done = false
      const transaction: Database['transaction'] = async (work, isolation) => {
        if (!done) await revokeDevice(now.tablet, phoneId)
        done = true
        return world.database.transaction(work, isolation)
      }
      const phone = deviceServer(world, { database: { ...world.database, transaction } }).client(clientId, phoneId)
      expect([codeOf(await phone.send('POST', path)), done]).toEqual(['DEVICE_REVOKED', true])
      await expectOver(now)
    },
  )

  test.runIf(chosen)('by a process that ends anywhere changes nothing, or lets the device in no more', async () => {
    const begin = async () => {
      const begun = await scene('refresh', false)
      await begun.operation.post()
      return begun
    }
    let now = await begin()
    const seen = new Set<unknown>()
    for (let nth = 1; ; nth++) {
      const { clientId, phoneId, tabletId, tablet, operation } = now
      let queries = 0
      const dying = (inner: Queryable): Queryable => ({
        query: (sql, parameters) => {
          if (++queries >= nth) throw new Error('the process has ended')
          return inner.query(sql, parameters)
        },
      })
      const database: Database = {
        ...world.database,
        ...dying(world.database),
        transaction: (work, isolation) => world.database.transaction((tx) => work(dying(tx)), isolation),
      }
      const answer = await deviceServer(world, { database, onError: () => undefined })
        .client(clientId, tabletId)
        .send('POST', paths.revoke(phoneId))
      const [left] = await world.database.query(
        `select revoked_at is null as unchanged, state, decision
         from reshare_devices join reshare_sets using (client_id, device)
           left join (select decision from reshare_decisions where client_id = $1 and operation_id = $3) decided on true
         where client_id = $1 and device = $2 and purpose = 'signing'`,
        [clientId, phoneId, operation.operationId],
      )
      if (left?.['unchanged'] === true) {
        expect([answer.status, left]).toMatchObject([500, { state: 'ACTIVE', decision: null }])
        continue
      }
      seen.add(left?.['state'])
      expect(codeOf(await operation.post(server.client(clientId, phoneId)))).toBe('DEVICE_REVOKED')
      // What is left of the device is no way back that another set could be retired for.
      const [own] = await world.database.query('select set_id from reshare_sets where client_id = $1 and device = $2', [
        ...[clientId, tabletId],
      ])
      expect(codeOf(await tablet.send('POST', paths.retire(own?.['set_id'] as string)))).toBe('POLICY_DENIED')
      if (nth % 2 === 0) await revokeDevice(tablet, phoneId)
      else await sweep(server.context)
      await expectOver(now)
      if (queries < nth) break
      now = await begin()
    }
    expect([...seen]).toEqual(['ACTIVE', 'RETIRING', 'DESTROYED'])
  })

  // PGlite has one connection: nothing else runs within a transaction.
  test.runIf(name === 'PostgreSQL').each([
    ['sign', 'DEVICE_REVOKED'],
    ['generate', 'DEVICE_REVOKED'],
  ] as const)('within the transaction that begins an operation ends it: %s', async (kind, refusal) => {
    const now = await scene(kind, false)
    const { clientId, phoneId, operation } = now
    let begins = 0
    const transaction: Database['transaction'] = (work, isolation) =>
      world.database.transaction(
        (tx) =>
          work({
            async query(sql, parameters) {
              const rows = await tx.query(sql, parameters)
              if (sql.includes('into reshare_operations') && rows.length > 0 && ++begins === 1)
                await revokeDevice(now.tablet, phoneId)
              return rows
            },
          }),
        isolation,
      )
    const phone = deviceServer(world, { database: { ...world.database, transaction } }).client(clientId, phoneId)
    expect([codeOf(await operation.post(phone)), begins]).toEqual([refusal, 1])
    await expectOver(now)
  })

  /**
   * Runs a revocation with what the phone does after each of its statements. A transaction that is rolled back for a conflict
   * runs again, with the phone in between again: PostgreSQL may see one where there is none, and a phone that could cause one
   * would cause it every time, until the revocation fails.
   */
  async function revokeBetween({ clientId, phoneId, tabletId }: Scene, meanwhile: () => Promise<void>): Promise<void> {
    const between = (inner: Queryable): Queryable => ({
      async query(sql, parameters) {
        const rows = await inner.query(sql, parameters)
        await meanwhile()
        return rows
      },
    })
    const transaction: Database['transaction'] = (work, isolation) =>
      world.database.transaction((tx) => work(between(tx)), isolation)
    const database = { ...world.database, ...between(world.database), transaction }
    await revokeDevice(deviceServer(world, { database }).client(clientId, tabletId), phoneId)
  }

  test.runIf(name === 'PostgreSQL')('while it signs, plays nonsense and aborts all the time', async () => {
    const now = await scene('refresh', true)
    const { clientId, phoneId, operation } = now
    const phone = server.client(clientId, phoneId)
    const signing = await plantSet(world, server.context, { clientId, device: phoneId })
    const open = await Promise.all(
      [1, 2, 3].map(async () => {
        const one = refresh(phone, { walletId: toHex(signing.walletId), signing })
        await one.post()
        return one.operationId
      }),
    )
    const answers: string[] = []
    await revokeBetween(now, async () => {
      const nonsense = await phone.send('POST', paths.round(operation.operationId, operation.round), new Uint8Array(1))
      const signed = await sign(phone, signing).post()
      await phone.send('POST', paths.abort(open[answers.length % 3]!))
      answers.push(`${codeOf(nonsense)} ${signed.status}`)
    })
    // Within the transaction that refuses it the device signs; once that has committed, it does not.
    const refused = answers.indexOf('DEVICE_REVOKED 403')
    expect(new Set(answers.slice(0, refused))).toEqual(new Set(['PROTOCOL_VERSION_UNSUPPORTED 200']))
    expect(new Set(answers.slice(refused))).toEqual(new Set(['DEVICE_REVOKED 403']))
    expect([refused > 5, answers.length - refused > 5]).toEqual([true, true])
    await expectOver(now)
  })

  test('at the same time as a round: one of them comes first', async () => {
    for (const kind of kinds) {
      const now = await scene(kind, true)
      const phone = server.client(now.clientId, now.phoneId)
      await Promise.all([now.operation.post(phone), revokeDevice(now.tablet, now.phoneId)])
      await expectOver(now)
    }
  })

  test('each other at the same time: one of them is left', async () => {
    const clientId = `client-${toHex(world.random(8))}`
    const ids = [newDevice(world), newDevice(world)] as const
    const sets: string[] = []
    const walletId = toHex(world.random(16))
    for (const device of ids) {
      sets.push(setIdOf(await plantSet(world, server.context, { clientId, device, walletId, proven: true })))
    }
    const outcomes = await Promise.all(
      ids.map((id, i) => server.client(clientId, ids[1 - i]!).send('POST', paths.revoke(id))),
    )
    expect(outcomes.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403])
    const left = await world.database.query(`select 1 from reshare_sets where client_id = $1 and state = 'ACTIVE'`, [
      clientId,
    ])
    expect(left).toHaveLength(1)
  })
})
