import { describe, expect, test } from 'vitest'
import type { Custodian } from '../../../src/custodian/types.ts'
import { MpcError } from '../../../src/errors.ts'
import { leftForLater } from '../../support/left-for-later.ts'
import { abortOperation, codeOf, confirmSet, play, type ServerClient } from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { duringFault, type Fault } from '../support/custodian-fault.ts'
import { backup, newBackup, newWallet, prove, recover } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

const unavailable = () => new MpcError('WEBHOOK_FAILED', 'the app is down')

const failing = (...fault: Fault) => duringFault(world, unavailable(), ...fault)

describe('the shares of backups that ended', () => {
  const kept = (client: ServerClient) => world.custodian.halves.get(client.clientId)?.length
  const undecided = async (client: ServerClient) => {
    const operation = backup(client, await newWallet(client))
    for (const _ of [1, 2]) operation.take(await operation.post())
    expect(kept(client)).toBe(1)
    return operation
  }

  test('by an abort are removed', async () => {
    const client = world.client()
    await abortOperation(client, (await undecided(client)).operationId)
    expect(kept(client)).toBe(0)
  })

  test('by being superseded are removed, and no others', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const passkey = (await play(backup(client, wallet, 'PASSKEY'))).prepared[0]!
    const first = await newBackup(client, wallet)
    const rotated = await play(recover(client, first, { rotateBackup: 'PASSWORD' }))
    expect(kept(client)).toBe(3)
    await confirmSet(client, rotated.result!.backupSetId!)
    expect(kept(client)).toBe(2)
    for (const half of [passkey, rotated.prepared[1]!]) await play(recover(client, half))
  })

  test('with a lost device are removed', async () => {
    const client = world.client()
    const lost = await newWallet(client)
    const half = await newBackup(client, lost)
    await play(backup(client, lost))
    const laptop = (await play(recover(client, half, { existingSets: 'retire' }))).prepared[0]!
    expect(kept(client)).toBe(2)
    await play(prove(client, laptop))
    expect(kept(client)).toBe(1)
  })

  test('are removed by a later sweep if the custodian is down, and the abort stands', async () => {
    const client = world.client()
    const { operationId } = await undecided(client)
    await failing('delete', 1, async () => {
      expect(await abortOperation(client, operationId)).toEqual({ decision: 'ABORT' })
    })
    expect(kept(client)).toBe(1)
    await world.server().sweep()
    expect(kept(client)).toBe(0)
    const rows = await world.database.query('select 1 from reshare_custodian_records where client_id = $1', [
      client.clientId,
    ])
    expect(rows).toEqual([])
  })

  test('of an operation that expired are removed by the sweep', async () => {
    const client = world.client()
    await undecided(client)
    world.pass(11 * 60_000)
    await world.server().sweep()
    expect(kept(client)).toBe(0)
  })

  test('that arrive after the abort are removed', async () => {
    const client = world.client()
    const operation = backup(client, await newWallet(client))
    operation.take(await operation.post())
    const custodian: Custodian = {
      ...world.custodian,
      store: async (half) => {
        await abortOperation(client, operation.operationId)
        await world.custodian.store(half)
      },
    }
    const slow = world.client([world.server({ custodian })], client.clientId)
    expect(codeOf(await operation.post(slow))).toBe('PROTOCOL_ABORTED')
    expect(kept(client)).toBe(0)
  })
})

test('a sweep goes on past a row that fails, and nobody waits for it', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const stuck = [backup(client, wallet), backup(client, wallet)]
  for (const operation of stuck) operation.take(await operation.post())
  world.pass(11 * 60_000)
  let failures = 0
  const database = {
    ...world.database,
    transaction: (async (work, isolation) =>
      world.database.transaction(async (tx) => {
        if (failures === 0 && ++failures === 1) throw new Error('planted')
        return work(tx)
      }, isolation)) as typeof world.database.transaction,
  }
  const told: unknown[] = []
  await world.server({ database, onError: (error) => told.push(error) }).sweep()
  const planted = expect.objectContaining({ message: 'planted' }) as Error
  expect(told).toEqual([leftForLater('operation', planted)])
  const decided = await world.database.query('select operation_id from reshare_decisions where client_id = $1', [
    client.clientId,
  ])
  const ids = decided.map((row) => row['operation_id'])
  expect(stuck.filter(({ operationId }) => ids.includes(operationId))).toHaveLength(1)
})
