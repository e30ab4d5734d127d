import { describe, expect, test } from 'vitest'
import { verifyAuditLog } from '../../../src/server/index.ts'
import { operationRounds } from '../../../src/wire/operation-definitions.ts'
import type { SignItem } from '../../../src/wire/sign-items.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, play, setStatus, type ClientOperation, type ServerClient } from '../../support/server-client.ts'
import { deviceServer, newDevice, newDevices, stateOf, type DeviceServer } from '../support/devices.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { signAll } from '../support/batches.ts'
import { playTo } from '../support/owners.ts'
import { HOUR, inMs, limitedDevices } from '../support/limited-sets.ts'
import {
  backup,
  complete,
  newBackup,
  newWallet,
  preprocess,
  preprocessed,
  prove,
  recover,
  refresh,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  walletOf,
  type TestWallet,
} from '../support/wallets.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

const failing = (operation: ClientOperation) => expect(play(operation)).rejects

const EDWARDS: SignItem = { scheme: 'ed25519', message: 'abcd', path: 'm' }
const ECDSA: SignItem = { scheme: 'ecdsa', message: 'ab'.repeat(32), hash: null, path: 'm' }

/** All that a limited set can do, with what it needs. */
const USES: readonly [string, (client: ServerClient, set: TestWallet) => ClientOperation][] = [
  ['a FROST signature', (client, set) => sign(client, set.signing)],
  ['an ECDSA signature', (client, set) => signEcdsa(client, set)],
  [
    'a signature with a setup of its own',
    (client, set) => signEcdsa(client, set, { source: { kind: 'ephemeralSetup' } }),
  ],
  ['several FROST signatures', (client, set) => signAll(client, set, [EDWARDS, EDWARDS])],
  ['several signatures of both kinds', (client, set) => signAll(client, set, [ECDSA, EDWARDS])],
  ['a preprocessing', preprocess],
  ['a setup', setup],
  ['a proof', (client, set) => prove(client, set.signing)],
  ['a refresh', refresh],
]

describe.each(databaseKinds)('a limited set on $name', ({ open }) => {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
  }, open)

  const events = async (setId: string) => {
    const sql = 'select event, detail from reshare_audit where set_id = $1 order by sequence'
    return (await world.database.query(sql, [setId])).map(({ event }) => event)
  }
  const breaks = async ({ clientId }: ServerClient) => {
    const report = await verifyAuditLog({ database: world.database, masterKey: MASTER_KEY.slice(0, 32) })
    return report.breaks.filter((broken) => broken.clientId === clientId)
  }

  test('says what limits it, signs by every scheme, and ends by time', async () => {
    const { agent, limited, setId, limits } = await limitedDevices(world, server, 'ann')
    expect(await setStatus(agent, setId)).toMatchObject({ state: 'ACTIVE', ...limits })
    for (const [, use] of USES.slice(0, 2)) await play(use(agent, limited))
    const preprocessing = await preprocessed(agent, limited)
    const signed = sign(agent, limited.signing)
    const { body } = signed
    const answer = await signed.post()
    world.pass(HOUR - 1)
    await play(sign(agent, limited.signing))
    world.pass(1)
    for (const [, use] of USES) await failing(use(agent, limited)).toMatchObject({ code: 'SET_EXPIRED' })
    await failing(complete(agent, limited, preprocessing)).toMatchObject({ code: 'SET_EXPIRED' })
    expect(await setStatus(agent, setId)).toMatchObject({ state: 'DESTROYED', ...limits })
    for (const table of ['shares', 'ot_states', 'preprocessings']) {
      expect(await world.database.query(`select 1 from reshare_${table} where set_id = $1`, [setId])).toEqual([])
    }
    expect((await events(setId)).filter((event) => event !== 'proven')).toEqual([
      'prepared',
      'limited',
      'activated',
      'expired',
      'destroyed',
    ])
    // What was signed before is signed: a repeated request gets the same bytes.
    expect(signed.body).toBe(body)
    expect(await signed.post()).toEqual(answer)
    expect(await breaks(agent)).toEqual([])
  })

  test.each(USES)('is refused %s that was begun before its time was over', async (_, use) => {
    const { agent, limited, setId } = await limitedDevices(world, server, newClientId(world))
    world.pass(HOUR - 1)
    const operation = await playedToLast(use(agent, limited))
    world.pass(1)
    expect(codeOf(await operation.post())).toBe('SET_EXPIRED')
    await expectEnded(world, setId)
  })

  // The time is over between the check at the start of the round and the statement that stores its result.
  // A preprocessing is checked by the transaction that stores it, and ends with its set.
  test.each(USES.filter(([what]) => what !== 'a preprocessing'))(
    'is refused %s whose result is stored after its time',
    async (_, use) => {
      const { clientId, agent, agentId, limited, setId } = await limitedDevices(world, server, newClientId(world))
      world.pass(HOUR - 1)
      const operation = await playedToLast(use(agent, limited))
      const late = lateServer(world, 1)
      expect(codeOf(await operation.post(late.client(clientId, agentId)))).toBe('SET_EXPIRED')
      await expectEnded(world, setId)
    },
  )

  test('is refused once and for all, whatever the clock says later', async () => {
    const [refused, swept] = [
      await limitedDevices(world, server, newClientId(world)),
      await limitedDevices(world, server, newClientId(world)),
    ]
    world.pass(HOUR)
    await failing(sign(refused.agent, refused.limited.signing)).toMatchObject({ code: 'SET_EXPIRED' })
    expect(await stateOf(world, swept.setId)).toBe('ACTIVE')
    await world.server().sweep()
    world.pass(-HOUR)
    for (const { agent, limited, setId } of [refused, swept]) {
      expect(await stateOf(world, setId)).toBe('DESTROYED')
      await failing(sign(agent, limited.signing)).toMatchObject({ code: 'SET_RETIRED' })
    }
  })

  test('is refused with a database from before its end', async () => {
    const { agent, limited, setId } = await limitedDevices(world, server, newClientId(world))
    const share = await world.database.query('select * from reshare_shares where set_id = $1', [setId])
    world.pass(HOUR)
    await world.server().sweep()
    await world.database.query(`update reshare_sets set state = 'ACTIVE' where set_id = $1`, [setId])
    await world.database.query('insert into reshare_shares (set_id, sealed) values ($1, $2)', [
      setId,
      share[0]!['sealed'] as Uint8Array,
    ])
    await failing(sign(agent, limited.signing)).toMatchObject({ code: 'SET_EXPIRED' })
    expect(await stateOf(world, setId)).toBe('DESTROYED')
  })

  test('has no other limits later, whoever writes them', async () => {
    const { setId, wallet } = await limitedDevices(world, server, newClientId(world))
    for (const change of ['scope = null', 'expires_at = null', `expires_at = expires_at + interval '1 day'`]) {
      const update = world.database.query(`update reshare_sets set ${change} where set_id = $1`, [setId])
      await expect(update).rejects.toThrow('the limits of a set never change')
    }
    const added = world.database.query(`update reshare_sets set scope = 'agent' where set_id = $1`, [
      setIdOf(wallet.signing),
    ])
    await expect(added).rejects.toThrow('the limits of a set never change')
  })

  test('has limits in the log, which tells if somebody has changed those of the database', async () => {
    const { agent, setId } = await limitedDevices(world, server, newClientId(world))
    expect(await breaks(agent)).toEqual([])
    await world.database.query('alter table reshare_sets disable trigger reshare_sets_keep_limits')
    await world.database.query(`update reshare_sets set expires_at = expires_at + interval '1 day' where set_id = $1`, [
      setId,
    ])
    await world.database.query('alter table reshare_sets enable trigger reshare_sets_keep_limits')
    const message = `set ${setId} has other limits in the database than in the log`
    expect(await breaks(agent)).toMatchObject([{ reason: 'DISAGREES', message }])
  })

  test('is refreshed to one with the same limits, which ends with it', async () => {
    const { agent, limited, limits } = await limitedDevices(world, server, newClientId(world))
    let last = limited
    for (let times = 0; times < 3; times++) {
      world.pass(HOUR / 4)
      last = walletOf(await play(refresh(agent, last)))
      await play(prove(agent, last.signing))
      expect(await setStatus(agent, setIdOf(last.signing))).toMatchObject({ state: 'ACTIVE', ...limits })
      await play(sign(agent, last.signing))
    }
    world.pass(HOUR / 4)
    await failing(sign(agent, last.signing)).toMatchObject({ code: 'SET_EXPIRED' })
    await failing(refresh(agent, last)).toMatchObject({ code: 'SET_EXPIRED' })
    await world.server().sweep()
    expect(await breaks(agent)).toEqual([])
  })

  test('is made from a backup beside the others, and never wider than that', async () => {
    const clientId = newClientId(world)
    const { phone, tablet } = newDevices(world, server, clientId)
    const wallet = await newWallet(phone)
    const half = await newBackup(phone, wallet)
    const limits = { scope: 'payroll', expiresAt: inMs(world, HOUR) }
    const made = walletOf(await play(recover(tablet, half, limits)))
    expect(await setStatus(tablet, setIdOf(made.signing))).toMatchObject({ state: 'ACTIVE', ...limits })
    await play(signEcdsa(tablet, made))
    await failing(backup(tablet, made)).toMatchObject({ code: 'POLICY_DENIED' })
    for (const wider of [{ existingSets: 'retire' }, { rotateBackup: 'PASSWORD' }, { dryRun: true }] as const) {
      const operation = recover(tablet, half, { ...limits, ...wider })
      expect(codeOf(await operation.post())).toBe('BAD_REQUEST')
    }
    await play(sign(phone, wallet.signing))
    world.pass(HOUR)
    await failing(sign(tablet, made.signing)).toMatchObject({ code: 'SET_EXPIRED' })
    await failing(recover(tablet, half, limits)).toMatchObject({ code: 'SET_EXPIRED' })
    expect(await breaks(tablet)).toEqual([])
  })

  test('is not made if its time is over before it is', async () => {
    const { clientId, phone, wallet } = await limitedDevices(world, server, newClientId(world))
    const deviceId = newDevice(world)
    const device = server.client(clientId, deviceId)
    const options = { joiningDeviceId: deviceId, expiresAt: inMs(world, 60_000) }
    const join = await new TestJoin(phone, device, wallet.signing, options).play(1, 3)
    await join.make(4)
    world.pass(60_000)
    expect(codeOf(await join.post(4))).toBe('SET_EXPIRED')
    expect(await stateOf(world, setIdOf(join.joining.share))).toBe('ABORTED')
    await expect(new TestJoin(phone, device, wallet.signing, options).play()).rejects.toMatchObject({
      code: 'SET_EXPIRED',
    })
  })
})

const newClientId = (world: World) => `client-${newDevice(world).slice(0, 16)}`

/** Plays all rounds but the last. */
const playedToLast = (operation: ClientOperation) => playTo(operation, operationRounds(operation.request) - 1)

/** A server whose clock goes on when it draws the nonces of a round, and when it begins a transaction. */
function lateServer(world: World, ms: number): DeviceServer {
  let isLate = false
  const pass = () => {
    if (!isLate) world.pass(ms)
    isLate = true
  }
  const { database, random } = world
  return deviceServer(world, {
    random(length) {
      // The tokens of leases have 16 bytes.
      if (length !== 16) pass()
      return random(length)
    },
    database: {
      ...database,
      transaction(work, isolation) {
        return database.transaction((tx) => {
          const query: typeof tx.query = async (sql, parameters) => {
            const rows = await tx.query(sql, parameters)
            if (sql.includes('insert into reshare_decisions')) pass()
            return rows
          }
          return work({ ...tx, query })
        }, isolation)
      },
    },
  })
}

async function expectEnded(world: World, setId: string): Promise<void> {
  expect(await stateOf(world, setId)).toBe('DESTROYED')
  const made = await world.database.query(
    `select state from reshare_sets where source_set_id = $1 and state <> 'ABORTED'`,
    [setId],
  )
  expect(made).toEqual([])
}
