import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { LimitOptions } from '../../../src/server/index.ts'
import { verifyAuditLog } from '../../../src/server/index.ts'
import { endOldUnconfirmed } from '../../../src/server/sets/bounds.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { seededRandom } from '../../support/random.ts'
import { codeOf, confirmSet, play, type ClientOperation, type ServerClient } from '../../support/server-client.ts'
import { createTables, WALLET } from '../support/tables.ts'
import { backup, newBackup, newWallet, prove, recover, refresh, setIdOf, type TestWallet } from '../support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from '../support/world.ts'

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), seededRandom())
})
beforeEach(() => expect(world.errors).toEqual([]))
afterAll(() => world.database.close())

const bounded = (limits: LimitOptions) => world.client([world.server({ limits: { rates: null, ...limits } })])
const made = async (operation: ClientOperation) => (await play(operation)).prepared[0] as WalletShares
const state = async (set: WalletShares) =>
  (await world.database.query('select state from reshare_sets where set_id = $1', [setIdOf(set)]))[0]?.['state']
const states = (sets: readonly WalletShares[]) => Promise.all(sets.map(state))

describe('unconfirmed backups', () => {
  test('of one device are bounded: the oldest ends, with its share, and is told of', async () => {
    const client = bounded({ unconfirmedBackups: 2 })
    const wallet = await newWallet(client)
    const confirmed = await newBackup(client, wallet)
    const backups: WalletShares[] = []
    for (let i = 0; i < 4; i++) backups.push(await made(backup(client, wallet, 'PASSKEY')))
    expect(await states(backups)).toEqual(['DESTROYED', 'DESTROYED', 'PREPARED', 'PREPARED'])
    expect(await state(confirmed)).toBe('ACTIVE')
    expect(codeOf(await recover(client, backups[0]!).post())).toBe('BACKUP_SUPERSEDED')
    await play(recover(client, backups[2]!))
    await world.server().sweep()
    expect(world.custodian.halves.get(client.clientId)).toHaveLength(3)
    const { breaks } = await verifyAuditLog({ database: world.database, masterKey: MASTER_KEY.slice(0, 32) })
    expect(breaks).toEqual([])
    await confirmSet(client, setIdOf(backups[3]!))
    expect(await states(backups.slice(2))).toEqual(['DESTROYED', 'ACTIVE'])
  })

  test('that a rotation makes count as well, and those of another wallet do not', async () => {
    const client = bounded({ unconfirmedBackups: 1 })
    const [wallet, other] = [await newWallet(client), await newWallet(client)]
    const [first, elsewhere] = [await made(backup(client, wallet)), await made(backup(client, other))]
    await play(recover(client, first, { rotateBackup: 'PASSWORD' }))
    expect(await states([first, elsewhere])).toEqual(['DESTROYED', 'PREPARED'])
  })

  test('of other devices are left alone, unless these sign no more and have left very many behind', async () => {
    const tables = await createTables(pgliteDatabase(), seededRandom())
    const { clientId } = tables.key()
    const key = (device: string) => tables.key({ clientId, device })
    const unconfirmed = (device: string) =>
      tables.set(key(device), { purpose: 'backup' }, { committed_at: new Date(tables.clock) })
    await tables.set(key('phone'), {}, { state: 'ACTIVE' })
    const ofPhone = await Promise.all(Array.from({ length: 3 }, () => unconfirmed('phone')))
    const first = await unconfirmed('gone 1')
    for (let i = 0; i < 256; i++) await unconfirmed(`gone ${i % 7}`)
    const setId = await unconfirmed('thief')
    const context = { limits: { ...tables.context.limits, unconfirmedBackups: 1 } }
    const about = { clientId, walletId: WALLET, device: 'thief', setId }
    const events = await tables.database.transaction((tx) => endOldUnconfirmed(context, tx, about))
    expect(events).toEqual([{ event: 'destroyed', walletId: WALLET, setId: first, detail: setId }])
    expect(await Promise.all([...ofPhone, setId, first].map(tables.state))).toEqual([
      ...Array<string>(4).fill('PREPARED'),
      'DESTROYED',
    ])
    await tables.database.close()
  })
})

describe('the signing sets of a wallet', () => {
  async function full(): Promise<{ client: ServerClient; wallet: TestWallet; half: WalletShares }> {
    const client = bounded({ signingSets: 2 })
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    await play(recover(client, half))
    return { client, wallet, half }
  }

  test('are bounded, and the way back that retires the others always has room', async () => {
    const { client, wallet, half } = await full()
    const unconfirmed = await made(backup(client, wallet, 'PASSKEY'))
    expect(codeOf(await recover(client, half).post())).toBe('POLICY_DENIED')
    expect(codeOf(await recover(client, unconfirmed, { existingSets: 'retire' }).post())).toBe('POLICY_DENIED')
    await play(recover(client, half, { dryRun: true }))
    const recovered = await made(recover(client, half, { existingSets: 'retire' }))
    await play(prove(client, recovered))
    await play(recover(client, half))
  })

  test('are refreshed when there are as many as may be, and not without end', async () => {
    const { client, wallet } = await full()
    for (let i = 0; i < 2; i++) await play(refresh(client, wallet))
    expect(codeOf(await refresh(client, wallet).post())).toBe('POLICY_DENIED')
  })

  test('are counted again when one is decided: of many at once as many as may be', async () => {
    const client = bounded({ signingSets: 2 })
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const begun = [recover(client, half), recover(client, half)]
    for (const operation of begun) for (let i = 0; i < 2; i++) operation.take(await operation.post())
    const answers = []
    for (const operation of begun) answers.push(await operation.post())
    expect(answers.map(({ status }) => status)).toEqual([200, 403])
    expect(await state(begun[1]!.prepared[0]!)).toBe('ABORTED')
  })
})
