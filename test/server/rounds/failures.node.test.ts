import { beforeEach, describe, expect, test } from 'vitest'
import type { OperationRequest } from '../../../src/wire/operations.ts'
import { createRateCounts, type Subject } from '../../../src/service/rate-counts.ts'
import { countFailure, failing, countsFailures, rateCounts } from '../../../src/server/rounds/rates.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { failureCounts, failuresOf, HOUR, limitedFor, LOCK_OUT, ofSet, withLimits } from '../support/rate-limits.ts'
import { requestsOf, SET } from '../support/requests.ts'
import { START, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

const DEVICE = 'ab'.repeat(32)

describe('failures', () => {
  const context = () => withLimits(tables, { lockOut: LOCK_OUT })
  const fail = (subject: Subject, in_ = context()) =>
    tables.database.transaction((tx) => rateCounts(in_).recordFailure(tx, [subject]))
  const presume = (clientId: string, in_ = context(), ...subjects: Subject[]) =>
    rateCounts(in_).reserveFailure({ subject: ofSet(clientId), kind: 'export' }, [ofSet(clientId), ...subjects])
  const unlocked = (...subjects: Subject[]) => rateCounts(context()).requireUnlocked(subjects)

  test('lock out what has failed, from the one that is too many on, until the time is over', async () => {
    const [{ clientId }, other] = [tables.key(), tables.key()]
    const subject = ofSet(clientId)
    await unlocked(subject)
    expect(await fail(subject)).toEqual([])
    await unlocked(subject)
    tables.clock += 1000
    const until = new Date(tables.clock + LOCK_OUT.lockedMs)
    expect(await fail(subject)).toEqual([{ subject, until }])
    tables.clock += 1000
    expect(await fail(subject)).toEqual([])
    const left = LOCK_OUT.lockedMs - 1000
    await expect(unlocked(subject)).rejects.toMatchObject(limitedFor(left, 'locked'))
    await unlocked(ofSet(other.clientId), ofSet(clientId, 'ab'.repeat(32)), { clientId, scope: `device ${SET}` })
    await unlocked({ clientId, scope: '' })
    await expect(unlocked({ clientId, scope: '' }, subject)).rejects.toThrow(errorOf('RATE_LIMITED'))
    tables.clock = until.getTime() - 1
    await expect(unlocked(subject)).rejects.toMatchObject(limitedFor(1, 'locked'))
    tables.clock += 1
    await unlocked(subject)
  })

  test('of a client over all its sets and devices may be four times as many', async () => {
    const { clientId } = tables.key()
    const client: Subject = { clientId, scope: '' }
    for (let i = 1; i < 4 * LOCK_OUT.failures; i++) expect(await fail(client)).toEqual([])
    await unlocked(client)
    expect(await fail(client)).toEqual([{ subject: client, until: new Date(START + LOCK_OUT.lockedMs) }])
    await expect(unlocked(client)).rejects.toThrow(errorOf('RATE_LIMITED'))
  })

  test('count for nothing where nobody is locked out', async () => {
    const { clientId } = tables.key()
    const never = withLimits(tables, { lockOut: null })
    expect(await fail(ofSet(clientId), never)).toEqual([])
    await (
      await presume(clientId, never)
    )()
    expect(await failureCounts(tables, clientId)).toEqual({})
    for (let i = 0; i < 3; i++) await fail(ofSet(clientId))
    await rateCounts(never).requireUnlocked([ofSet(clientId)])
    expect(await tables.log(clientId)).toEqual([])
  })

  test('are presumed, taken back, and told of when they lock and unlock', async () => {
    const { clientId } = tables.key()
    const takeBack = await presume(clientId)
    expect(await failuresOf(tables, ofSet(clientId))).toBe(1)
    await takeBack()
    expect(await failuresOf(tables, ofSet(clientId))).toBe(0)
    await takeBack()
    expect(await failuresOf(tables, ofSet(clientId))).toBe(0)
    expect(await tables.log(clientId)).toEqual([])
    await presume(clientId)
    const second = await presume(clientId)
    const locked = `lockedOut ${SET} ${new Date(START + LOCK_OUT.lockedMs).toISOString()}`
    expect(await tables.log(clientId)).toEqual([locked])
    await expect(presume(clientId)).rejects.toMatchObject(limitedFor(LOCK_OUT.lockedMs, 'locked'))
    expect(await failuresOf(tables, ofSet(clientId))).toBe(2)
    await second()
    expect(await tables.log(clientId)).toEqual([locked, `unlocked ${SET}`])
    await second()
    expect(await tables.log(clientId)).toEqual([locked, `unlocked ${SET}`])
    // Taken back, it leaves the window as it was.
    tables.clock = START + LOCK_OUT.withinMs
    await presume(clientId)
    await presume(clientId)
    expect(await failuresOf(tables, ofSet(clientId))).toBe(2)
  })

  test('are counted against all that they concern, or none', async () => {
    const { clientId } = tables.key()
    const [device, client] = [
      { clientId, scope: `device ${DEVICE}` },
      { clientId, scope: '' },
    ] as const
    const takeBack = await presume(clientId, context(), device, client)
    expect(await failureCounts(tables, clientId)).toEqual({ '': 1, [device.scope]: 1, [`set ${SET}`]: 1 })
    await takeBack()
    await fail(device)
    await fail(device)
    await expect(presume(clientId, context(), device, client)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(await failureCounts(tables, clientId)).toEqual({ '': 0, [device.scope]: 2, [`set ${SET}`]: 0 })
    await tables.database.query('delete from reshare_rates where client_id = $1', [clientId])
    await fail(ofSet(clientId))
    await fail(device)
    await presume(clientId, context(), device, client)
    const until = new Date(START + LOCK_OUT.lockedMs).toISOString()
    expect(await tables.log(clientId)).toEqual([`lockedOut ${until} ${DEVICE}`, `lockedOut ${SET} ${until}`])
  })

  test('cost the rate of a try, which nothing takes back', async () => {
    const { clientId } = tables.key()
    const twice = withLimits(tables, { lockOut: null, rates: { ...DEFAULT_RATES, export: { count: 2, perMs: HOUR } } })
    for (let i = 0; i < 2; i++) await (await presume(clientId, twice))()
    const refused = limitedFor(HOUR, 'too many operations of this kind (export)')
    await expect(presume(clientId, twice)).rejects.toMatchObject(refused)
    await rateCounts(twice).reserveFailure({ subject: ofSet(clientId, DEVICE), kind: 'export' }, [])
    const locked = withLimits(tables, { lockOut: LOCK_OUT, rates: twice.limits.rates })
    await expect(presume(clientId, locked)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(await failureCounts(tables, clientId)).toEqual({})
  })

  test('are taken back while their window lasts, and never from the next one, whatever the clock says', async () => {
    const { clientId } = tables.key()
    const [early, late] = [await presume(clientId), await presume(clientId)]
    tables.clock = START + LOCK_OUT.withinMs - 1
    await early()
    expect(await failuresOf(tables, ofSet(clientId))).toBe(1)
    tables.clock = START + LOCK_OUT.lockedMs
    await presume(clientId)
    await late()
    expect(await failuresOf(tables, ofSet(clientId))).toBe(1)
    tables.clock = START
    await late()
    expect(await failuresOf(tables, ofSet(clientId))).toBe(1)
  })

  test('below the bound are no matter for the log', async () => {
    const caller = tables.key()
    const { prove } = requestsOf(SET)
    expect(await tables.database.transaction((tx) => countFailure(context(), tx, caller, prove as never))).toEqual([])
    expect(await failuresOf(tables, ofSet(caller.clientId))).toBe(1)
  })

  test('lock and unlock where nobody asks to be told', async () => {
    const { clientId } = tables.key()
    const counts = createRateCounts<'export'>({
      ...{ table: 'reshare_rates', database: tables.database, now: () => tables.clock },
      ...{ rates: { export: null }, lockOut: { ...LOCK_OUT, failures: 1 } },
    })
    const takeBack = await counts.reserveFailure({ subject: ofSet(clientId), kind: 'export' }, [ofSet(clientId)])
    await expect(counts.requireUnlocked([ofSet(clientId)])).rejects.toThrow(errorOf('RATE_LIMITED'))
    await takeBack()
    await counts.requireUnlocked([ofSet(clientId)])
  })

  test('are those of what needs a proof, and of its set and device; no backup is locked, and exports are the client’s too', () => {
    const kinds = Object.entries(requestsOf('')).filter(([, request]) => countsFailures(request.kind))
    expect(kinds.map(([kind]) => kind)).toEqual(['backup', 'recover', 'refresh', 'join', 'prove', 'export'])
    const caller = tables.key({ device: DEVICE })
    const of = (kind: OperationRequest['kind'], device: string | null = DEVICE) =>
      failing({ ...caller, device }, requestsOf(SET)[kind] as never).map((subject) => subject.scope)
    for (const kind of ['backup', 'refresh', 'prove'] as const) {
      expect(of(kind)).toEqual([`set ${SET}`, `device ${DEVICE}`])
      expect(of(kind, null)).toEqual([`set ${SET}`])
    }
    expect([of('recover'), of('recover', null)]).toEqual([[`device ${DEVICE}`], []])
    expect(of('export')).toEqual([`set ${SET}`, `device ${DEVICE}`, ''])
  })
})
