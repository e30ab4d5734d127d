import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError } from '../../../src/errors.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Row } from '../../../src/service/database/types.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { prepareSets } from '../../../src/server/operations/make-sets/prepare-sets.ts'
import type { MakeRequest } from '../../../src/server/operations/round.ts'
import { readShare } from '../../../src/server/sets/shares.ts'
import { deletePendingShares } from '../../../src/server/sets/custodian-shares.ts'
import { decodeWalletShares, encodeWalletShares, type WalletShares } from '../../../src/key-share/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import { type ClientOperation, play, type ServerClient } from '../../support/server-client.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { errorOf } from '../support/error-of.ts'
import { nobleTakes } from '../support/ecdsa.ts'
import { storedSet, tablesClient } from '../support/played.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { createTables, generating, recovering, type Tables } from '../support/tables.ts'
import { backup, generate, recover, refresh, setIdOf, signEcdsa, walletOf } from '../support/wallets.ts'
import { testCustodian, type TestCustodian } from '../support/world.ts'

let tables: Tables
let custodian: TestCustodian
let context: ServerContext
beforeAll(async () => {
  tables = await createTables(pgliteDatabase(), seededRandom())
  custodian = testCustodian()
  context = { ...tables.context, custodian }
})
afterEach(() => expect(tables.errors.splice(0)).toEqual([]))
afterAll(() => tables.database.close())

const DEVICE = 'ab'.repeat(32)

interface Owner {
  readonly clientId: string
  readonly client: ServerClient
  readonly having: (changes: Partial<ServerContext>) => ServerClient
}

function owner(device: string | null = null): Owner {
  const { clientId } = tables.key()
  const having = (changes: Partial<ServerContext>) => tablesClient({ ...context, ...changes }, { clientId, device })
  return { clientId, having, client: having({}) }
}

async function walletOwner() {
  const one = owner()
  return { ...one, set: await storedSet(tables, { clientId: one.clientId, device: null }) }
}

/** The owner of a backup set whose half the custodian has. */
async function backupOwner() {
  const one = owner()
  const set = await storedSet(tables, { clientId: one.clientId, device: null }, 'backup')
  custodian.halves.set(one.clientId, [encodeWalletShares(getGroup, set.half)])
  return { ...one, set }
}

const COLUMNS = 'set_id, wallet_id, purpose, state, label, backup_method, source_set_id, device'
const setsOf = async ({ operationId }: ClientOperation): Promise<Row[]> =>
  tables.database.query(`select ${COLUMNS} from reshare_sets where operation_id = $1 order by ordinal`, [operationId])
const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const halfNoted = async (setId: string) =>
  (await tables.row('select deletion_pending from reshare_custodian_records where set_id = $1', setId))?.[
    'deletion_pending'
  ]
const halvesOf = ({ clientId }: Owner) => custodian.halves.get(clientId) ?? []

/** Plays the first rounds of an operation. */
async function playTo(operation: ClientOperation, rounds: number): Promise<ClientOperation> {
  for (let i = 0; i < rounds; i++) operation.take(await operation.post())
  return operation
}

/** A database whose `nth` transaction from now on comes after `work`. */
function before(nth: number, work: () => Promise<unknown>): Pick<ServerContext, 'database'> {
  let seen = 0
  return {
    database: {
      ...tables.database,
      transaction: async (inside, isolation) => {
        if (++seen === nth) await work()
        return tables.database.transaction(inside, isolation)
      },
    },
  }
}

const published = (half: WalletShares) =>
  half.shares.map(({ record: { curve, publicKey } }) => toHex(getGroup(curve).encodePoint(publicKey)))

describe('a new wallet', () => {
  test('has one set, of the device that has made it, which signs', async () => {
    const one = owner(DEVICE)
    const operation = await play(generate(one.client))
    const { walletId } = operation.request
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.round).toBe(3)
    expect(operation.result).toEqual({ setId, state: 'ACTIVE' })
    expect(await setsOf(operation)).toEqual([
      {
        set_id: setId,
        wallet_id: walletId,
        purpose: 'signing',
        state: 'ACTIVE',
        label: 'phone',
        backup_method: null,
        source_set_id: null,
        device: DEVICE,
      },
    ])
    const named = `${walletId} ${setId} ${operation.operationId} generate`
    expect(await tables.log(one.clientId)).toEqual([`deviceAdded ${DEVICE}`, `prepared ${named}`, `activated ${named}`])
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
    expect(halvesOf(one)).toEqual([])
  })

  test('is answered with the messages of three sessions, and nothing of the server’s half is left in memory', async () => {
    const { client, clientId } = owner()
    const operation = generate(client)
    const watched = []
    const specs = []
    while (operation.body !== undefined) {
      const posted = await watchScalars(() => operation.post())
      watched.push(posted)
      specs.push([...new Set(decodeRoundBody(posted.result.body).messages.map(({ sessionIndex }) => sessionIndex))])
      operation.take(posted.result)
    }
    expect(specs).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    const half = await readShare(context, tables.database, clientId, operation.result!.setId)
    const counts = watched.map((one) => one.count(secretsOf(half)))
    expect(counts.map(({ left }) => left)).toEqual([0, 0])
    expect(counts[1]!.seen).toBeGreaterThan(0)
  })
})

describe('a backup', () => {
  test('gives its half to the custodian, not to the database', async () => {
    const one = await walletOwner()
    const operation = await play(backup(one.client, one.set, 'PASSKEY'))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.round).toBe(4)
    expect(operation.result).toEqual({ setId, state: 'PREPARED' })
    expect(await setsOf(operation)).toEqual([
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
    expect(await tables.hasShare(setId)).toBe(false)
    const named = `${one.set.walletId} ${setId} ${operation.operationId} backup`
    expect(await tables.log(one.clientId)).toEqual([`prepared ${named}`, `committed ${named}`])
    const [kept] = halvesOf(one).map((bytes) => decodeWalletShares(getGroup, bytes))
    expect(kept).toMatchObject({ purpose: 'backup', setId: operation.prepared[0]!.setId })
    expect(kept!.shares.map(({ id }) => id)).toEqual([2, 2])
    expect(published(kept!)).toEqual(published(one.set.signing))
    expect(await halfNoted(setId)).toBe(false)
  })

  test('leaves neither half in the memory of the server, also where it fails', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const down = { ...custodian, store: () => Promise.reject(new MpcError('WEBHOOK_FAILED', 'the app is down')) }
    const failing = () =>
      expect(operation.post(one.having({ custodian: down }))).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    const watched = [await watchScalars(failing)]
    while (operation.body !== undefined) {
      const posted = await watchScalars(() => operation.post())
      watched.push({ ...posted, result: undefined })
      operation.take(posted.result)
    }
    const made = decodeWalletShares(getGroup, halvesOf(one)[0]!)
    const counts = watched.map((part) => part.count(secretsOf(made)))
    expect(counts.map(({ seen, left }) => [seen > 0, left])).toEqual(watched.map(() => [true, 0]))
    expect(tables.errors.splice(0)).toMatchObject([{ code: 'WEBHOOK_FAILED' }])
  })

  test('leaves nothing of the set that deals it in the memory of the server', async () => {
    const one = await walletOwner()
    const operation = backup(one.client, one.set)
    const { seen, left } = (await watchScalars(() => operation.post())).count(secretsOf(one.set.half))
    expect([seen > 0, left]).toEqual([true, 0])
  })

  test('is noted before the custodian has it, and prepared again after it could not be asked', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    custodian.fault = (call) => {
      if (call === 'store') throw new MpcError('WEBHOOK_FAILED', 'the app is down')
    }
    await expect(operation.post()).rejects.toThrow(errorOf('WEBHOOK_FAILED'))
    expect(tables.errors.splice(0)).toMatchObject([{ code: 'WEBHOOK_FAILED' }])
    custodian.fault = () => undefined
    const noted = 'select deletion_pending from reshare_custodian_records where operation_id = $1'
    expect(await tables.row(noted, operation.operationId)).toEqual({ deletion_pending: false })
    expect(await setsOf(operation)).toEqual([])
    await play(operation)
    expect(halvesOf(one)).toHaveLength(1)
  })

  test.each<[string, MakeRequest]>([
    ['a new wallet', generating as MakeRequest],
    ['a recovery that rotates none', recovering('')],
  ])('is never made without a method: not by %s', async (_, request) => {
    const turn = { ...tables.key(), request, round: 2, messages: [], epoch: 1, state: undefined }
    const { other } = walletPair('backup', context.random)
    await expect(prepareSets(context, turn, [other])).rejects.toThrow(TypeError)
    expect(custodian.halves.has(turn.clientId)).toBe(false)
  })

  const abort = ({ clientId }: Owner, { operationId }: ClientOperation) =>
    abortOperation(context, { clientId, operationId })

  test('of an operation that is aborted is not given to the custodian', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const changes = before(1, () => abort(one, operation))
    await expect(operation.post(one.having(changes))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(halvesOf(one)).toEqual([])
    expect(
      await tables.row('select 1 from reshare_custodian_records where client_id = $1', one.clientId),
    ).toBeUndefined()
  })

  test('that comes to the custodian after the abort is removed again', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const late = {
      ...custodian,
      store: async (half: Parameters<TestCustodian['store']>[0]) => {
        await abort(one, operation)
        await custodian.store(half)
        expect(halvesOf(one)).toHaveLength(1)
      },
    }
    await expect(operation.post(one.having({ custodian: late }))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(halvesOf(one)).toEqual([])
    expect(await setsOf(operation)).toEqual([])
    const noted = () =>
      tables.row('select deletion_pending from reshare_custodian_records where client_id = $1', one.clientId)
    await deletePendingShares({ ...context, custodian })
    expect(await noted()).toEqual({ deletion_pending: true })
    const later = () => tables.clock + context.limits.operationMs
    await deletePendingShares({ ...context, custodian, now: later })
    expect(await noted()).toBeUndefined()
  })

  test('stays with the custodian where the database fails, and the same request goes on', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    await expect(operation.post(one.having(before(2, () => Promise.reject(failure))))).rejects.toBe(failure)
    expect(halvesOf(one)).toHaveLength(1)
    expect(await setsOf(operation)).toEqual([])
    await play(operation)
    expect(halvesOf(one)).toHaveLength(1)
  })

  test('is told of once, though its answer could not be stored at first', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    await expect(operation.post(one.having(before(3, () => Promise.reject(failure))))).rejects.toBe(failure)
    expect(await setsOf(operation)).toHaveLength(1)
    await play(operation)
    expect((await tables.log(one.clientId)).map((line) => line.split(' ')[0])).toEqual(['prepared', 'committed'])
  })
})

describe('a recovery', () => {
  test('makes a signing set from the custodian’s half, and a backup beside it', async () => {
    const one = await backupOwner()
    const operation = await play(recover(one.client, one.set.signing, { rotateBackup: 'PASSKEY' }))
    const [signing, rotated] = operation.prepared.map(setIdOf) as [string, string]
    expect(operation.result).toEqual({ setId: signing, state: 'ACTIVE', backupSetId: rotated })
    const common = { wallet_id: one.set.walletId, source_set_id: one.set.setId, device: null }
    expect(await setsOf(operation)).toEqual([
      { ...common, set_id: signing, purpose: 'signing', state: 'ACTIVE', label: 'laptop', backup_method: null },
      { ...common, set_id: rotated, purpose: 'backup', state: 'PREPARED', label: '', backup_method: 'PASSKEY' },
    ])
    expect(await Promise.all([signing, rotated].map(tables.hasShare))).toEqual([true, false])
    expect(operation.prepared.map(published)).toEqual([published(one.set.signing), published(one.set.signing)])
    expect(halvesOf(one)).toHaveLength(2)
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
  })

  test('that is aborted on its way has the custodian remove the new half alone', async () => {
    const one = await backupOwner()
    const operation = await playTo(recover(one.client, one.set.signing, { rotateBackup: 'PASSKEY' }), 1)
    const removed: string[] = []
    const late = {
      ...custodian,
      store: async (half: Parameters<TestCustodian['store']>[0]) => {
        await abortOperation(tables.context, { clientId: one.clientId, operationId: operation.operationId })
        await custodian.store(half)
      },
      delete: async (clientId: string, setId: string) => {
        removed.push(setId)
        await custodian.delete!(clientId, setId)
      },
    }
    await expect(operation.post(one.having({ custodian: late }))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(removed).toHaveLength(1)
    expect(halvesOf(one)).toEqual([encodeWalletShares(getGroup, one.set.half)])
  })

  test('whose late half cannot be removed says so, and why it has failed', async () => {
    const one = await walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    const query: ServerContext['database']['query'] = (sql, parameters) =>
      sql.includes('select decision') ? Promise.reject(failure) : tables.database.query(sql, parameters)
    const { database } = before(2, () =>
      abortOperation(context, { clientId: one.clientId, operationId: operation.operationId }),
    )
    await expect(operation.post(one.having({ database: { ...database, query } }))).rejects.toThrow(
      errorOf('PROTOCOL_ABORTED'),
    )
    expect(tables.errors.splice(0)).toEqual([failure])
  })

  test('that is a dry run prepares nothing', async () => {
    const one = await backupOwner()
    const operation = await play(recover(one.client, one.set.signing, { rotateBackup: 'PASSWORD', dryRun: true }))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.result).toMatchObject({ setId, state: 'PREPARED' })
    expect(await setsOf(operation)).toEqual([])
    expect(await tables.hasShare(setId)).toBe(false)
    expect(halvesOf(one)).toHaveLength(1)
    expect(await decision(operation)).toBe('ABORT')
  })
})

describe('a refresh', () => {
  test('deals from its own set', async () => {
    const one = await walletOwner()
    const operation = await play(refresh(one.client, one.set))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.result).toEqual({ setId, state: 'ACTIVE' })
    expect(await setsOf(operation)).toMatchObject([
      { set_id: setId, purpose: 'signing', label: 'phone', source_set_id: one.set.setId },
    ])
    expect(published(operation.prepared[0]!)).toEqual(published(one.set.signing))
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
  })

  test('whose setup ends before its set is there ends the operation, and leaves no share in memory', async () => {
    const one = await walletOwner()
    const operation = await playTo(refresh(one.client, one.set), 1)
    withhold(operation)
    const refused = expect.objectContaining({ reason: 'FORMAT', round: 0, blame: [] }) as Error
    const watched = await watchScalars(() => expect(operation.post()).rejects.toThrow(refused))
    expect(watched.count(secretsOf(one.set.half))).toMatchObject({ left: 0 })
    expect(await decision(operation)).toBe('ABORT')
    expect(await setsOf(operation)).toEqual([])
  })

  test('reads back what it has stored, and wipes it', async () => {
    const one = await walletOwner()
    const operation = await playTo(refresh(one.client, one.set), 1)
    const stranger = encodeWalletShares(getGroup, walletPair('signing', context.random).other)
    const { sealer } = context
    const forgetful: ServerContext['sealer'] = {
      ...sealer,
      open: (place, sealed) => {
        const opened = sealer.open(place, sealed)
        return place.purpose === 'share' && place.row !== one.set.setId ? stranger.slice() : opened
      },
    }
    await expect(operation.post(one.having({ sealer: forgetful }))).rejects.toThrow('does not give back')
    await play(operation)
  })
})

/** Leaves a message of the second curve out of the second request. */
function withhold(operation: ClientOperation): void {
  const { messages } = decodeRoundBody(operation.body!)
  const isHeld = ({ sessionIndex, envelope }: SessionMessage) =>
    sessionIndex === 1 && decodeEnvelope(envelope).round === 3
  operation.body = encodeRoundBody({ header: {}, messages: messages.filter((message) => !isHeld(message)) })
}
