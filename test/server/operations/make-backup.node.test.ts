import { describe, expect, test } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError } from '../../../src/errors.ts'
import { prepareSets } from '../../../src/server/operations/make-sets/prepare-sets.ts'
import type { MakeRequest } from '../../../src/server/operations/round.ts'
import { deletePendingShares } from '../../../src/server/sets/custodian-shares.ts'
import { decodeWalletShares } from '../../../src/key-share/index.ts'
import { play } from '../../support/server-client.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { errorOf } from '../support/error-of.ts'
import { fileOwners, playTo, publicKeysOf, type Owners } from '../support/owners.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { generating, recovering } from '../support/tables.ts'
import { backup, setIdOf } from '../support/wallets.ts'
import type { TestCustodian } from '../support/world.ts'

let owners: Owners
fileOwners((made) => (owners = made))

const deletionPending = async (setId: string) =>
  (await owners.tables.row('select deletion_pending from reshare_custodian_records where set_id = $1', setId))?.[
    'deletion_pending'
  ]

describe('a backup', () => {
  test('gives its share to the custodian, not to the database', async () => {
    const one = await owners.walletOwner()
    const operation = await play(backup(one.client, one.set, 'PASSKEY'))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.round).toBe(4)
    expect(operation.result).toEqual({ setId, state: 'PREPARED' })
    expect(await owners.setsOf(operation)).toEqual([
      {
        set_id: setId,
        wallet_id: one.set.walletId,
        purpose: 'backup',
        state: 'PREPARED',
        label: '',
        backup_method: 'PASSKEY',
        source_set_id: one.set.setId,
        device: null,
      },
    ])
    expect(await owners.tables.hasShare(setId)).toBe(false)
    const named = `${one.set.walletId} ${setId} ${operation.operationId} backup`
    expect(await owners.tables.log(one.clientId)).toEqual([`prepared ${named}`, `committed ${named}`])
    const [kept] = owners.custodianShares(one).map((bytes) => decodeWalletShares(getGroup, bytes))
    expect(kept).toMatchObject({ purpose: 'backup', setId: operation.prepared[0]!.setId })
    expect(kept!.shares.map(({ id }) => id)).toEqual([2, 2])
    expect(publicKeysOf(kept!)).toEqual(publicKeysOf(one.set.signing))
    expect(await deletionPending(setId)).toBe(false)
  })

  test('leaves neither share in the memory of the server, also where it fails', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const down = { ...owners.custodian, store: () => Promise.reject(new MpcError('WEBHOOK_FAILED', 'the app is down')) }
    const failing = () =>
      expect(operation.post(one.having({ custodian: down }))).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    const watched = [await watchScalars(failing)]
    while (operation.body !== undefined) {
      const posted = await watchScalars(() => operation.post())
      watched.push({ ...posted, result: undefined })
      operation.take(posted.result)
    }
    const made = decodeWalletShares(getGroup, owners.custodianShares(one)[0]!)
    const counts = watched.map((part) => part.count(secretsOf(made)))
    expect(counts.map(({ seen, left }) => [seen > 0, left])).toEqual(watched.map(() => [true, 0]))
    expect(owners.tables.errors.splice(0)).toMatchObject([{ code: 'WEBHOOK_FAILED' }])
  })

  test('leaves nothing of the set that deals it in the memory of the server', async () => {
    const one = await owners.walletOwner()
    const operation = backup(one.client, one.set)
    const { seen, left } = (await watchScalars(() => operation.post())).count(secretsOf(one.set.half))
    expect([seen > 0, left]).toEqual([true, 0])
  })

  test('is noted before the custodian has it, and prepared again after it could not be asked', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    owners.custodian.fault = (call) => {
      if (call === 'store') throw new MpcError('WEBHOOK_FAILED', 'the app is down')
    }
    await expect(operation.post()).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    expect(owners.tables.errors.splice(0)).toMatchObject([{ code: 'WEBHOOK_FAILED' }])
    owners.custodian.fault = () => undefined
    const noted = 'select deletion_pending from reshare_custodian_records where operation_id = $1'
    expect(await owners.tables.row(noted, operation.operationId)).toEqual({ deletion_pending: false })
    expect(await owners.setsOf(operation)).toEqual([])
    await play(operation)
    expect(owners.custodianShares(one)).toHaveLength(1)
  })

  test.each<[string, MakeRequest]>([
    ['a new wallet', generating as MakeRequest],
    ['a recovery that rotates none', recovering('')],
  ])('is never made without a method: not by %s', async (_, request) => {
    const turn = { ...owners.tables.key(), request, round: 2, messages: [], epoch: 1, state: undefined }
    const { other } = walletPair('backup', owners.context.random)
    await expect(prepareSets(owners.context, turn, [other])).rejects.toThrow(TypeError)
    expect(owners.custodian.halves.has(turn.clientId)).toBe(false)
  })

  test('of an operation that is aborted is not given to the custodian', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const changes = owners.before(1, () => owners.abort(one, operation))
    await expect(operation.post(one.having(changes))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(owners.custodianShares(one)).toEqual([])
    expect(
      await owners.tables.row('select 1 from reshare_custodian_records where client_id = $1', one.clientId),
    ).toBeUndefined()
  })

  test('that comes to the custodian after the abort is removed again', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const late = {
      ...owners.custodian,
      store: async (half: Parameters<TestCustodian['store']>[0]) => {
        await owners.abort(one, operation)
        await owners.custodian.store(half)
        expect(owners.custodianShares(one)).toHaveLength(1)
      },
    }
    await expect(operation.post(one.having({ custodian: late }))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(owners.custodianShares(one)).toEqual([])
    expect(await owners.setsOf(operation)).toEqual([])
    const noted = () =>
      owners.tables.row('select deletion_pending from reshare_custodian_records where client_id = $1', one.clientId)
    await deletePendingShares(owners.context)
    expect(await noted()).toEqual({ deletion_pending: true })
    const later = () => owners.tables.clock + owners.context.limits.operationMs
    await deletePendingShares({ ...owners.context, now: later })
    expect(await noted()).toBeUndefined()
  })

  test('stays with the custodian where the database fails, and the same request goes on', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    await expect(operation.post(one.having(owners.before(2, () => Promise.reject(failure))))).rejects.toBe(failure)
    expect(owners.custodianShares(one)).toHaveLength(1)
    expect(await owners.setsOf(operation)).toEqual([])
    await play(operation)
    expect(owners.custodianShares(one)).toHaveLength(1)
  })

  test('is told of once, though its answer could not be stored at first', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    await expect(operation.post(one.having(owners.before(3, () => Promise.reject(failure))))).rejects.toBe(failure)
    expect(await owners.setsOf(operation)).toHaveLength(1)
    await play(operation)
    expect((await owners.tables.log(one.clientId)).map((line) => line.split(' ')[0])).toEqual(['prepared', 'committed'])
  })
})
