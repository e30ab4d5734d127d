import { beforeEach, describe, expect, test } from 'vitest'
import type { ExportRequest, OperationRequest } from '../../../src/wire/operations.ts'
import { createRateCounts, type Subject } from '../../../src/service/rate-counts.ts'
import { ProtocolError } from '../../../src/errors.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { authorizeOperation, policyRequest } from '../../../src/server/rounds/admission.ts'
import { chargeOperation, countFailure, failing, countsFailures, rateCounts } from '../../../src/server/rounds/rates.ts'
import type { Row } from '../../../src/service/database/types.ts'
import {
  findOutcome,
  insertOperation,
  lockClient,
  recordDecision,
} from '../../../src/server/rounds/operations-table.ts'
import { DEFAULT_RATES } from '../../../src/server/access/rate-limits.ts'
import { fromHex } from '../../../src/util/bytes.ts'
import { errorOf } from '../support/error-of.ts'
import { fileTables } from '../support/file-tables.ts'
import { generating, recovering, START, WALLET, type Tables } from '../support/tables.ts'
import { requireSource } from '../../../src/server/operations/source.ts'
import { findDecision } from '../../../src/server/operations/decision.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'

const HOUR = 60 * 60_000
const DEVICE = 'ab'.repeat(32)
const LOCK_OUT = { failures: 2, withinMs: HOUR, lockedMs: 3 * HOUR }

let tables: Tables
fileTables((made) => (tables = made))
beforeEach(() => {
  tables.clock = START
})

const active = { state: 'ACTIVE', committed_at: new Date(START) }
const limitedFor = (retryAfterMs: number, message: string) => ({
  code: 'RATE_LIMITED',
  retryAfterMs,
  message: expect.stringContaining(message) as string,
})

function having(limits: Partial<ServerContext['limits']>, changes: Partial<ServerContext> = {}): ServerContext {
  return { ...tables.context, limits: { ...tables.context.limits, ...limits }, ...changes }
}

const requests = (setId: string): Readonly<Record<OperationRequest['kind'], OperationRequest>> => {
  const about = { walletId: WALLET, setId }
  return {
    generate: generating,
    backup: { kind: 'backup', ...about, backupMethod: 'PASSWORD' },
    recover: recovering(setId),
    refresh: { kind: 'refresh', ...about, label: 'tablet' },
    prove: { kind: 'prove', ...about },
    export: exporting(setId),
    setup: { kind: 'setup', ...about },
    preprocess: { kind: 'preprocess', ...about },
    sign: { kind: 'sign', ...about, scheme: 'ed25519', message: 'abcd' },
  }
}

const exporting = (setId: string): ExportRequest => {
  return { kind: 'export', walletId: WALLET, setId, curve: 'ed25519', authorization: '123456', receiver: '' }
}

const SET = 'cd'.repeat(32)
/** With nothing else under way. */
const ALONE = { epoch: 1, expiresAt: new Date(START), othersOpen: 0, opensAt: null }
const ofSet = (clientId: string, setId = SET): Subject => ({ clientId, scope: `set ${setId}` })

/** How many failures are counted, and against whom. */
async function failures(clientId: string): Promise<Record<string, unknown>> {
  const rows = await tables.database.query(
    `select subject, count from reshare_rates where client_id = $1 and kind = 'failure' order by subject`,
    [clientId],
  )
  return Object.fromEntries(rows.map((row) => [row['subject'], row['count']]))
}

const failuresOf = async ({ clientId, scope }: Subject) => (await failures(clientId))[scope]

describe('the rate of a kind of operations', () => {
  const context = () => having({ rates: { ...DEFAULT_RATES, sign: { count: 2, perMs: HOUR }, prove: null } })
  const charge = (clientId: string, kind: OperationRequest['kind'] = 'sign', in_ = context(), setId = SET) =>
    tables.database.transaction((tx) =>
      chargeOperation(in_, tx, clientId, { ...generating, kind, setId } as OperationRequest, ALONE),
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
      await charge(clientId, 'export', having({ rates: { ...DEFAULT_RATES, export: { count: 1, perMs: HOUR } } }))
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
      await expect(chargeOperation(context(), mute, clientId, requests(SET).sign, ALONE)).rejects.toThrow(TypeError)
      const blind = having({ lockOut: LOCK_OUT }, { database: { ...tables.database, ...mute } })
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
    const few = having({ openOperations: 2, rates: { ...DEFAULT_RATES, sign: null } })
    const { clientId } = tables.key()
    const begin = (setId = SET) =>
      tables.database.transaction(async (tx) => {
        const key = tables.key({ clientId })
        const added = await insertOperation(few, tx, key, requests(setId).sign, tables.hash('first'))
        await chargeOperation(few, tx, clientId, requests(setId).sign, added!)
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
})

describe('failures', () => {
  const context = () => having({ lockOut: LOCK_OUT })
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
    const never = having({ lockOut: null })
    expect(await fail(ofSet(clientId), never)).toEqual([])
    await (
      await presume(clientId, never)
    )()
    expect(await failures(clientId)).toEqual({})
    for (let i = 0; i < 3; i++) await fail(ofSet(clientId))
    await rateCounts(never).requireUnlocked([ofSet(clientId)])
    expect(await tables.log(clientId)).toEqual([])
  })

  test('are presumed, taken back, and told of when they lock and unlock', async () => {
    const { clientId } = tables.key()
    const takeBack = await presume(clientId)
    expect(await failuresOf(ofSet(clientId))).toBe(1)
    await takeBack()
    expect(await failuresOf(ofSet(clientId))).toBe(0)
    await takeBack()
    expect(await failuresOf(ofSet(clientId))).toBe(0)
    expect(await tables.log(clientId)).toEqual([])
    await presume(clientId)
    const second = await presume(clientId)
    const locked = `lockedOut ${SET} ${new Date(START + LOCK_OUT.lockedMs).toISOString()}`
    expect(await tables.log(clientId)).toEqual([locked])
    await expect(presume(clientId)).rejects.toMatchObject(limitedFor(LOCK_OUT.lockedMs, 'locked'))
    expect(await failuresOf(ofSet(clientId))).toBe(2)
    await second()
    expect(await tables.log(clientId)).toEqual([locked, `unlocked ${SET}`])
    await second()
    expect(await tables.log(clientId)).toEqual([locked, `unlocked ${SET}`])
    // Taken back, it leaves the window as it was.
    tables.clock = START + LOCK_OUT.withinMs
    await presume(clientId)
    await presume(clientId)
    expect(await failuresOf(ofSet(clientId))).toBe(2)
  })

  test('are counted against all that they concern, or none', async () => {
    const { clientId } = tables.key()
    const [device, client] = [
      { clientId, scope: `device ${DEVICE}` },
      { clientId, scope: '' },
    ] as const
    const takeBack = await presume(clientId, context(), device, client)
    expect(await failures(clientId)).toEqual({ '': 1, [device.scope]: 1, [`set ${SET}`]: 1 })
    await takeBack()
    await fail(device)
    await fail(device)
    await expect(presume(clientId, context(), device, client)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(await failures(clientId)).toEqual({ '': 0, [device.scope]: 2, [`set ${SET}`]: 0 })
    await tables.database.query('delete from reshare_rates where client_id = $1', [clientId])
    await fail(ofSet(clientId))
    await fail(device)
    await presume(clientId, context(), device, client)
    const until = new Date(START + LOCK_OUT.lockedMs).toISOString()
    expect(await tables.log(clientId)).toEqual([`lockedOut ${until} ${DEVICE}`, `lockedOut ${SET} ${until}`])
  })

  test('cost the rate of a try, which nothing takes back', async () => {
    const { clientId } = tables.key()
    const twice = having({ lockOut: null, rates: { ...DEFAULT_RATES, export: { count: 2, perMs: HOUR } } })
    for (let i = 0; i < 2; i++) await (await presume(clientId, twice))()
    const refused = limitedFor(HOUR, 'too many operations of this kind (export)')
    await expect(presume(clientId, twice)).rejects.toMatchObject(refused)
    await rateCounts(twice).reserveFailure({ subject: ofSet(clientId, DEVICE), kind: 'export' }, [])
    const locked = having({ lockOut: LOCK_OUT, rates: twice.limits.rates })
    await expect(presume(clientId, locked)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(await failures(clientId)).toEqual({})
  })

  test('are taken back while their window lasts, and never from the next one, whatever the clock says', async () => {
    const { clientId } = tables.key()
    const [early, late] = [await presume(clientId), await presume(clientId)]
    tables.clock = START + LOCK_OUT.withinMs - 1
    await early()
    expect(await failuresOf(ofSet(clientId))).toBe(1)
    tables.clock = START + LOCK_OUT.lockedMs
    await presume(clientId)
    await late()
    expect(await failuresOf(ofSet(clientId))).toBe(1)
    tables.clock = START
    await late()
    expect(await failuresOf(ofSet(clientId))).toBe(1)
  })

  test('below the bound are no matter for the log', async () => {
    const caller = tables.key()
    const { prove } = requests(SET)
    expect(await tables.database.transaction((tx) => countFailure(context(), tx, caller, prove as never))).toEqual([])
    expect(await failuresOf(ofSet(caller.clientId))).toBe(1)
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
    const kinds = Object.entries(requests('')).filter(([, request]) => countsFailures(request.kind))
    expect(kinds.map(([kind]) => kind)).toEqual(['backup', 'recover', 'refresh', 'prove', 'export'])
    const caller = tables.key({ device: DEVICE })
    const of = (kind: OperationRequest['kind'], device: string | null = DEVICE) =>
      failing({ ...caller, device }, requests(SET)[kind] as never).map((subject) => subject.scope)
    for (const kind of ['backup', 'refresh', 'prove'] as const) {
      expect(of(kind)).toEqual([`set ${SET}`, `device ${DEVICE}`])
      expect(of(kind, null)).toEqual([`set ${SET}`])
    }
    expect([of('recover'), of('recover', null)]).toEqual([[`device ${DEVICE}`], []])
    expect(of('export')).toEqual([`set ${SET}`, `device ${DEVICE}`, ''])
  })
})

describe('an operation is admitted', () => {
  const admit = async (
    key: CalledOperation,
    request: OperationRequest,
    context: ServerContext = having({}),
    begun = false,
  ) => {
    const setId = request.kind === 'generate' ? null : request.setId
    const { named } = await findOutcome(context, tables.database, key, 1, tables.hash('first'), setId)
    await authorizeOperation(context, key, request, { begun, named })
  }

  test('not while its set or device is locked out, if it needs a proof; others are not concerned', async () => {
    const key = tables.key({ device: DEVICE })
    const setId = await tables.set({ ...key, device: null }, {}, active)
    const [another, backup] = [
      await tables.set({ ...key, device: null }, {}, active),
      await tables.set(key, { purpose: 'backup' }, active),
    ]
    const context = having({ lockOut: { ...LOCK_OUT, failures: 1 } }, { authorizeExport: () => true })
    const { prove, sign } = requests(setId)
    const counted = await tables.database.transaction((tx) => countFailure(context, tx, key, prove as never))
    const until = new Date(START + LOCK_OUT.lockedMs).toISOString()
    expect(counted).toEqual([
      { event: 'lockedOut', detail: `${until} ${DEVICE}` },
      { event: 'lockedOut', setId, detail: until },
    ])
    const unsealed = { ...key, device: null }
    for (const [caller, request] of [
      [key, prove],
      [key, requests(another).prove],
      [key, recovering(backup)],
      [unsealed, prove],
    ] as const) {
      await expect(admit(caller, request, context)).rejects.toThrow(errorOf('RATE_LIMITED'))
    }
    const anotherDevice = { ...key, device: 'ef'.repeat(32) }
    for (const [caller, request] of [
      [key, sign],
      [anotherDevice, requests(another).prove],
      [anotherDevice, recovering(backup)],
      [unsealed, requests(another).export],
    ] as const) {
      await admit(caller, request, context)
    }
    await expect(admit(key, requests('ef'.repeat(32)).prove, context)).rejects.toThrow(errorOf('AUTH_FAILED'))
  })

  test('without asking the hook about an export again that this request has begun', async () => {
    const key = tables.key()
    const request = exporting(await tables.set(key, {}, active))
    let asked = 0
    const context = having({}, { authorizeExport: () => ++asked > 0 })
    await admit(key, request, context)
    await admit(key, request, context, true)
    expect(asked).toBe(1)
  })

  test('for a wallet that is not there yet, or a set that can do it', async () => {
    const key = tables.key()
    await admit(key, generating)
    await tables.database.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
      WALLET,
      key.clientId,
      new Date(START),
    ])
    await expect(admit(key, generating)).rejects.toMatchObject({ code: 'STORAGE_CONFLICT', retryable: false })
    await admit(tables.key(), generating)
    await admit(key, { ...generating, walletId: '1'.repeat(32) })
    await expect(admit(key, requests('ef'.repeat(32)).sign)).rejects.toThrow(errorOf('AUTH_FAILED'))
  })

  test('with a set of the right purpose, wallet, state and device', async () => {
    const key = tables.key({ device: DEVICE })
    const { database } = tables
    const [signing, prepared] = [await tables.set(key, {}, active), await tables.set(key)]
    const [backup, lost] = [
      await tables.set(key, { purpose: 'backup' }, active),
      await tables.set(key, { purpose: 'backup' }, { state: 'DESTROYED' }),
    ]
    const source = (request: OperationRequest, caller = key) => requireSource(database, caller, request as never)
    const other = { ...key, device: 'cd'.repeat(32) }
    expect(await source(requests(signing).sign)).toMatchObject({ setId: signing })
    await expect(source(requests(signing).sign, other)).rejects.toThrow(errorOf('AUTH_FAILED'))
    await expect(source(requests(prepared).sign)).rejects.toThrow(errorOf('OPERATION_IN_PROGRESS'))
    await expect(source(requests(backup).sign)).rejects.toThrow(errorOf('SET_MISMATCH'))
    expect(await source(recovering(backup), other)).toMatchObject({ setId: backup })
    await expect(source(recovering(signing))).rejects.toThrow(errorOf('SET_MISMATCH'))
    await expect(source(recovering(backup, { walletId: '1'.repeat(32) }))).rejects.toThrow(errorOf('SET_MISMATCH'))
    await expect(source({ ...requests(signing).prove, walletId: '1'.repeat(32) })).rejects.toThrow(
      errorOf('SET_MISMATCH'),
    )
    await expect(source(recovering(lost))).rejects.toThrow(errorOf('BACKUP_SUPERSEDED'))
  })

  test('not again once the hook has denied its export, where denials count', async () => {
    const [key, other] = [tables.key(), tables.key()]
    const denies = { authorizeExport: () => false }
    const rates = { ...DEFAULT_RATES, export: null }
    for (const [caller, limits, decision] of [
      [key, { lockOut: LOCK_OUT, rates }, 'ABORT'],
      [tables.key(), { lockOut: null }, 'ABORT'],
      [other, { lockOut: null, rates }, undefined],
    ] as const) {
      const request = exporting(await tables.set(caller, {}, active))
      await expect(admit(caller, request, having(limits, denies))).rejects.toThrow(errorOf('POLICY_DENIED'))
      expect(await findDecision(tables.database, caller)).toBe(decision)
    }
  })

  test('with a new setup in no poisoned one’s place, or with one for itself where the server allows it', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, active)
    const caught = new Map([[setId, new ProtocolError('CHEAT_VOLE', 2, [1], 'caught')]])
    await admit(key, requests(setId).setup)
    await expect(admit(key, requests(setId).setup, having({}, { caught }))).rejects.toThrow(errorOf('OT_POISONED'))
    await admit(key, requests(setId).sign, having({}, { caught }))
    const signing = (source: 'setup' | 'ephemeralSetup'): OperationRequest => {
      const about = { walletId: WALLET, setId, message: 'abcd', path: 'm', hash: 'sha256' } as const
      return { kind: 'sign', scheme: 'ecdsa', ...about, source: { kind: source } }
    }
    await admit(key, signing('setup'))
    await expect(admit(key, signing('ephemeralSetup'))).rejects.toThrow(errorOf('POLICY_DENIED'))
    await admit(key, signing('ephemeralSetup'), having({}, { onCheating: 'ephemeralSetup' }))
  })

  test('after the policy has allowed it', async () => {
    const key = tables.key({ device: DEVICE })
    const asked: unknown[] = []
    const policy = (request: unknown) => asked.push(request) < 0
    await expect(admit(key, generating, having({}, { policy }))).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(asked).toEqual([
      { clientId: key.clientId, deviceId: DEVICE, action: 'generate', walletId: WALLET, label: 'phone' },
    ])
  })

  test('for an export after its hook has allowed it, which counts as a failure until then', async () => {
    const key = tables.key()
    const setId = await tables.set(key, {}, active)
    const counts: unknown[] = []
    const asked: unknown[] = []
    const hook = (answer: () => unknown) =>
      having(
        {},
        {
          authorizeExport: (async (request: unknown) => {
            asked.push(request)
            counts.push(await failuresOf(ofSet(key.clientId, setId)))
            return answer()
          }) as ServerContext['authorizeExport'],
        },
      )
    await admit(
      key,
      exporting(setId),
      hook(() => true),
    )
    expect(asked).toEqual([
      { clientId: key.clientId, walletId: WALLET, setId, curve: 'ed25519', authorization: '123456' },
    ])
    expect(await failures(key.clientId)).toEqual({ '': 0, [`set ${setId}`]: 0 })
    for (const answer of [false, 1, undefined]) {
      await expect(
        admit(
          key,
          exporting(setId),
          hook(() => answer),
        ),
      ).rejects.toThrow(errorOf('POLICY_DENIED'))
    }
    expect(counts).toEqual([1, 1, 2, 3])
    const down = hook(() => {
      throw new Error('down')
    })
    await expect(admit(key, exporting(setId), down)).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(tables.errors.splice(0)).toHaveLength(1)
    expect(await failures(key.clientId)).toEqual({ '': 4, [`set ${setId}`]: 4 })
    await expect(admit(key, exporting(setId))).rejects.toThrow(errorOf('POLICY_DENIED'))
    expect(tables.errors).toEqual([])
    expect(await failures(key.clientId)).toEqual({ '': 4, [`set ${setId}`]: 4 })
    const before = asked.length
    const yes = hook(() => true)
    const full = { ...yes, limits: { ...yes.limits, lockOut: null } }
    await expect(admit(key, exporting(setId), full)).rejects.toThrow(errorOf('RATE_LIMITED'))
    expect(asked).toHaveLength(before)
  })
})

describe('the policy is asked', () => {
  const SET = 'ef'.repeat(32)
  const about = { clientId: 'ann', walletId: WALLET }
  const ecdsa: OperationRequest = {
    kind: 'sign',
    walletId: WALLET,
    setId: SET,
    scheme: 'ecdsa',
    message: 'abcd'.repeat(16),
    path: 'm/1',
    hash: null,
    source: { kind: 'setup' },
  }
  const { hash: _, source: __, ...plain } = ecdsa
  const bip340 = { ...plain, scheme: 'bip340', tapTweak: '' } as OperationRequest

  test.each<[string, OperationRequest, object]>([
    ['generate', generating, { label: 'phone' }],
    ['backup', requests(SET).backup, { setId: SET, backupMethod: 'PASSWORD' }],
    [
      'recover',
      recovering(SET, { rotateBackup: 'PASSKEY' }),
      { setId: SET, existingSets: 'retire', rotateBackup: 'PASSKEY', dryRun: false, label: 'laptop' },
    ],
    ['refresh', requests(SET).refresh, { setId: SET, label: 'tablet' }],
    ['prove', requests(SET).prove, { setId: SET }],
    ['export', requests(SET).export, { setId: SET, curve: 'ed25519' }],
    ['setup', requests(SET).setup, { setId: SET }],
    ['preprocess', requests(SET).preprocess, { setId: SET }],
    ['sign', requests(SET).sign, { setId: SET, scheme: 'ed25519', message: fromHex('abcd') }],
    [
      'sign',
      ecdsa,
      {
        setId: SET,
        scheme: 'ecdsa',
        message: fromHex('abcd'.repeat(16)),
        path: 'm/1',
        hash: null,
        digest: fromHex('abcd'.repeat(16)),
      },
    ],
    ['sign', bip340, { setId: SET, scheme: 'bip340', message: fromHex('abcd'.repeat(16)), path: 'm/1', tapTweak: '' }],
  ])('to %s', (action, request, details) => {
    expect(policyRequest({ clientId: 'ann', device: null }, request)).toStrictEqual({ ...about, action, ...details })
  })
})
