import { beforeEach, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { chargeOperation, rateCounts } from '../../../src/server/rounds/rates.ts'
import type { Row } from '../../../src/service/database/types.ts'
import { lockClient } from '../../../src/server/lock-client.ts'
import { insertOperation, recordDecision } from '../../../src/server/rounds/operations-table.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { HOUR, limitedFor, LOCK_OUT, ofSet, withLimits } from '../support/rate-limits.ts'
import { requestsOf, SET } from '../support/requests.ts'
import { generating, START, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

/** With nothing else under way. */
const ALONE = { epoch: 1, expiresAt: new Date(START), othersOpen: 0, opensAt: null }

describe('the rate of a kind of operations', () => {
  const context = () =>
    withLimits(tables, { rates: { ...DEFAULT_RATES, sign: { count: 2, perMs: HOUR }, prove: null } })
  const charge = (clientId: string, kind: OperationRequest['kind'] = 'sign', in_ = context(), setId = SET) =>
    tables.database.transaction((tx) =>
      chargeOperation(in_, tx, { clientId, request: { ...generating, kind, setId } as OperationRequest }, ALONE),
    )

  test('is of one set, in a window that opens with the first', async () => {
    const [{ clientId }, other] = [tables.key(), tables.key()]
    await charge(clientId)
    tables.clock += HOUR - 1
    await charge(clientId)
    const refused = limitedFor(1, 'too many operations of this kind (sign)')
    await expect(charge(clientId)).rejects.toMatchObject(refused)
    await charge(other.clientId)
    await charge(clientId, 'setup')
    await charge(clientId, 'sign', context(), 'ef'.repeat(32))
    tables.clock += 1
    await charge(clientId)
    const row = await tables.row(
      `select count, ends_at from reshare_rates where client_id = $1 and kind = 'sign' and subject = $2`,
      clientId,
      ofSet('').scope,
    )
    expect(row).toEqual({ count: 1, ends_at: new Date(tables.clock + HOUR) })
  })

  test('is counted by one transaction of a client at a time', async () => {
    const { clientId } = tables.key()
    const held = await tables.database.transaction(async (tx) => {
      await lockClient(tx, clientId)
      return tx.query(
        `select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
           and (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)`,
        [`reshare client ${clientId}`],
      )
    })
    expect(held).toHaveLength(1)
  })

  test('is none where it is null', async () => {
    const key = tables.key()
    await charge(key.clientId, 'prove')
    expect(await tables.row('select 1 from reshare_rates where client_id = $1', key.clientId)).toBeUndefined()
  })

  test('of exports was counted when they were judged', async () => {
    const { clientId } = tables.key()
    for (let i = 0; i < 3; i++)
      await charge(
        clientId,
        'export',
        withLimits(tables, { rates: { ...DEFAULT_RATES, export: { count: 1, perMs: HOUR } } }),
      )
    expect(await tables.row('select 1 from reshare_rates where client_id = $1', clientId)).toBeUndefined()
  })

  test('is counted as far as the database can, and what it does not count is not taken for little', async () => {
    const { clientId } = tables.key()
    await charge(clientId)
    await tables.database.query('update reshare_rates set count = $2 where client_id = $1', [clientId, 2 ** 31 - 1])
    await expect(charge(clientId)).rejects.toThrow(errorOf('RATE_LIMITED'))
    for (const rows of [
      [],
      [{}],
      [{ count: '1', started_at: new Date(), ends_at: new Date() }],
      [{ count: 1, ends_at: 1 }],
    ]) {
      const mute = { query: async () => rows as Row[] }
      await expect(
        chargeOperation(context(), mute, { clientId, request: requestsOf(SET).sign }, ALONE),
      ).rejects.toThrow(TypeError)
      const blind = withLimits(tables, { lockOut: LOCK_OUT }, { database: { ...tables.database, ...mute } })
      await expect(rateCounts(blind).requireUnlocked([ofSet(clientId)])).rejects.toThrow(TypeError)
    }
  })

  test('is forgotten when its window is over', async () => {
    const { clientId } = tables.key()
    await charge(clientId)
    const known = () => tables.row('select 1 from reshare_rates where client_id = $1', clientId)
    tables.clock = START + HOUR - 1
    await rateCounts(tables.context).forget()
    expect(await known()).toBeDefined()
    tables.clock += 1
    await rateCounts(tables.context).forget()
    expect(await known()).toBeUndefined()
  })

  test('goes with a bound on what is under way', async () => {
    const few = withLimits(tables, { openOperations: 2, rates: { ...DEFAULT_RATES, sign: null } })
    const { clientId } = tables.key()
    const begin = (setId = SET) =>
      tables.database.transaction(async (tx) => {
        const key = tables.key({ clientId })
        const request = requestsOf(setId).sign
        const added = await insertOperation(few, tx, { ...key, request, requestHash: tables.hash('first') })
        await chargeOperation(few, tx, { clientId, request }, added!)
        return key
      })
    const first = await begin()
    await begin('ef'.repeat(32))
    await tables.begin(tables.key({ clientId }))
    await tables.begin(tables.key())
    tables.clock += 1000
    await begin()
    const { operationMs } = few.limits
    const refused = (ms: number) => limitedFor(ms, 'too many operations of this set are under way')
    await expect(begin()).rejects.toMatchObject(refused(operationMs - 1000))
    await recordDecision(few, tables.database, first, 'ABORT')
    await begin()
    tables.clock = START + operationMs
    await expect(begin()).rejects.toMatchObject(refused(1000))
    tables.clock += 1000
    await begin()
  })

  test('of which a signAll takes as much as its signatures', async () => {
    const few = withLimits(tables, { openOperations: 3, rates: { ...DEFAULT_RATES, sign: null } })
    const { clientId } = tables.key()
    const begin = (signatures: number) =>
      tables.database.transaction(async (tx) => {
        const key = tables.key({ clientId })
        const item = { scheme: 'ed25519', message: '', path: 'm' } as const
        const items = Array.from({ length: signatures }, () => item)
        const request = { kind: 'signAll', walletId: generating.walletId, setId: SET, items } as const
        const added = await insertOperation(few, tx, { ...key, request, requestHash: tables.hash('first') })
        await chargeOperation(few, tx, { clientId, request }, added!)
        return key
      })
    const refused = { code: 'RATE_LIMITED' }
    // As many as it has, if nothing else is under way.
    const many = await begin(4)
    await expect(begin(1)).rejects.toMatchObject(refused)
    await recordDecision(few, tables.database, many, 'ABORT')
    await begin(1)
    await expect(begin(3)).rejects.toMatchObject(refused)
    await begin(2)
    await expect(begin(1)).rejects.toMatchObject(refused)
  })
})
