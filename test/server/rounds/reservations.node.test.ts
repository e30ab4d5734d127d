import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Reservation } from '../../../src/server/access/reservation.ts'
import { sweep } from '../../../src/server/maintenance/sweep.ts'
import { recordAbort } from '../../../src/server/rounds/decisions.ts'
import { createTurns } from '../../../src/server/rounds/turns.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { play } from '../../support/server-client.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, type Tables } from '../support/tables.ts'
import { complete, preprocessed, sign, signEcdsa } from '../support/wallets.ts'

const HOUR = 3_600_000

describe.each(databaseKinds)('reservations on $name', ({ open }) => {
  let tables: Tables
  let owner: Awaited<ReturnType<typeof ecdsaOwner>>
  fileTables((made) => (tables = made), open)
  beforeAll(() => {
    tables.clock = START
  })
  beforeEach(async () => {
    owner = await ecdsaOwner(tables)
  })

  let isUnlimited = false
  beforeEach(() => {
    isUnlimited = false
  })

  const withoutRates = () => {
    const { limits } = tables.context
    return { ...limits, rates: { ...limits.rates, sign: null } }
  }

  /** A server of its own: operations of one process begin in turns. */
  const paying = (amount: bigint, changes: Partial<Reservation> = {}) => ({
    turns: createTurns(HOUR),
    // The counts of rates would make operations of a client wait for each other, too.
    ...(isUnlimited && { limits: withoutRates() }),
    policy: () => ({ reserve: [{ counter: 'coins', amount, most: 7n, periodMs: HOUR, ...changes }] }),
  })
  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'signed',
      (error: unknown) => (error as { code: unknown }).code,
    )

  async function reserved(): Promise<unknown> {
    const sql = 'select coalesce(sum(amount::numeric), 0)::text as sum from reshare_reservations where client_id = $1'
    return (await tables.row(sql, owner.clientId))?.['sum']
  }

  const ways: readonly [string, (amount: bigint) => Promise<ClientOperation>][] = [
    ['FROST', async (amount) => sign(owner.having(paying(amount)), owner.wallet.signing, 'bip340')],
    ['a setup', async (amount) => signEcdsa(owner.having(paying(amount)), owner.wallet)],
    [
      'a preprocessing',
      async (amount) =>
        complete(owner.having(paying(amount)), owner.wallet, await preprocessed(owner.client, owner.wallet)),
    ],
    [
      'an ephemeral setup',
      async (amount) => signEcdsa(owner.having(paying(amount)), owner.wallet, { source: { kind: 'ephemeralSetup' } }),
    ],
  ]

  describe.each(ways)('signatures with %s', (_, start) => {
    test('add up to what is allowed, and no further', async () => {
      expect(await codeOf(play(await start(3n)))).toBe('signed')
      expect(await codeOf(play(await start(4n)))).toBe('signed')
      const before = await tables.row(
        'select count from reshare_rates where client_id = $1 and kind = $2',
        owner.clientId,
        'sign',
      )
      const denied = await start(1n)
      expect(await codeOf(denied.post())).toBe('POLICY_DENIED')
      expect(await codeOf(denied.post())).toBe('POLICY_DENIED')
      expect(await reserved()).toBe('7')
      const { operationId } = denied
      for (const table of ['operations', 'responses', 'decisions', 'reservations']) {
        expect(await tables.row(`select 1 from reshare_${table} where operation_id = $1`, operationId)).toBeUndefined()
      }
      expect(
        await tables.row('select count from reshare_rates where client_id = $1 and kind = $2', owner.clientId, 'sign'),
      ).toEqual(before)
      // Nothing of it is left: the same request is signed as soon as it may be.
      tables.clock += HOUR
      expect(await codeOf(play(denied))).toBe('signed')
      expect(await codeOf(play(await start(7n)))).toBe('POLICY_DENIED')
      await sweep(tables.context)
      expect(await reserved()).toBe('1')
    })

    test('that are repeated count once', async () => {
      const operation = await start(7n)
      const response = await operation.post()
      expect(await operation.post()).toEqual(response)
      expect(await reserved()).toBe('7')
    })

    test.each([
      ['', false],
      [' that limit no rates', true],
    ])('at once, by many servers%s, add up to what is allowed', async (_, without) => {
      isUnlimited = without
      const operations = [await start(3n), await start(3n), await start(3n), await start(3n)]
      const codes = await Promise.all(operations.map((operation) => codeOf(operation.post())))
      expect(codes.sort()).toEqual(['POLICY_DENIED', 'POLICY_DENIED', 'signed', 'signed'])
      expect(await reserved()).toBe('6')
    })
  })

  describe('what is reserved', () => {
    test('is given back if the operation is aborted before it has signed', async () => {
      const operation = signEcdsa(owner.having(paying(7n)), owner.wallet)
      await operation.post()
      expect(await reserved()).toBe('7')
      await recordAbort(tables.context, { clientId: owner.clientId, operationId: operation.operationId })
      expect(await reserved()).toBe('0')
    })

    test('is given back if the operation expires', async () => {
      const operation = signEcdsa(owner.having(paying(7n)), owner.wallet)
      await operation.post()
      tables.clock += tables.context.limits.operationMs
      await sweep(tables.context)
      expect(await reserved()).toBe('0')
    })

    test('is given back if a check of the protocol fails', async () => {
      const operation = signEcdsa(owner.having(paying(7n)), owner.wallet)
      operation.take(await operation.post())
      operation.body = operation.body!.with(-1, operation.body!.at(-1) ^ 1)
      expect(await codeOf(operation.post())).toBe('PROTOCOL_ABORTED')
      expect(await reserved()).toBe('0')
    })

    test('stays once it has signed', async () => {
      const operation = await play(signEcdsa(owner.having(paying(7n)), owner.wallet))
      const { operationId } = operation
      await recordAbort(tables.context, { clientId: owner.clientId, operationId })
      expect(await reserved()).toBe('7')
    })

    test('counts from the time at which it is signed, not from the time at which it was begun', async () => {
      const early = signEcdsa(owner.having(paying(7n)), owner.wallet)
      early.take(await early.post())
      tables.clock += tables.context.limits.operationMs - 1
      expect(await codeOf(play(early))).toBe('signed')
      tables.clock += HOUR - 1
      expect(await codeOf(play(sign(owner.having(paying(1n)), owner.wallet.signing)))).toBe('POLICY_DENIED')
      tables.clock += 1
      expect(await codeOf(play(sign(owner.having(paying(1n)), owner.wallet.signing)))).toBe('signed')
    })

    test('counts for as long as it can be signed, however short its period is', async () => {
      const short = { periodMs: 1000 }
      const open = signEcdsa(owner.having(paying(7n, short)), owner.wallet)
      open.take(await open.post())
      tables.clock += tables.context.limits.operationMs - 1
      const other = () => codeOf(play(sign(owner.having(paying(7n, short)), owner.wallet.signing)))
      expect(await other()).toBe('POLICY_DENIED')
      await recordAbort(tables.context, { clientId: owner.clientId, operationId: open.operationId })
      expect(await other()).toBe('signed')
      tables.clock += 1000
      expect(await other()).toBe('signed')
    })

    test('is counted by client and counter, in amounts of any size', async () => {
      const huge = { most: 2n ** 256n, amount: 2n ** 255n }
      expect(await codeOf(play(sign(owner.having(paying(0n, huge)), owner.wallet.signing)))).toBe('signed')
      expect(await codeOf(play(sign(owner.having(paying(0n, huge)), owner.wallet.signing)))).toBe('signed')
      expect(await codeOf(play(sign(owner.having(paying(1n, { most: huge.most })), owner.wallet.signing)))).toBe(
        'POLICY_DENIED',
      )
      expect(await codeOf(play(sign(owner.having(paying(7n, { counter: 'others' })), owner.wallet.signing)))).toBe(
        'signed',
      )
      owner = await ecdsaOwner(tables)
      expect(await codeOf(play(sign(owner.having(paying(7n)), owner.wallet.signing)))).toBe('signed')
    })

    test('is denied with what has denied it', async () => {
      const denial = { by: 'sum', reason: 'more than it allows in this time' }
      const denied = play(sign(owner.having(paying(8n)), owner.wallet.signing))
      await expect(denied).rejects.toMatchObject({ code: 'POLICY_DENIED', denial })
    })

    test('is all or nothing', async () => {
      const [one, other] = [paying(5n).policy().reserve[0]!, paying(8n, { counter: 'others' }).policy().reserve[0]!]
      const policy = () => ({ reserve: [one, other] })
      expect(await codeOf(play(sign(owner.having({ policy }), owner.wallet.signing)))).toBe('POLICY_DENIED')
      expect(await reserved()).toBe('0')
    })

    const one = { counter: 'coins', amount: 1n, most: 7n, periodMs: HOUR }
    test.each<[string, unknown]>([
      ['null', { reserve: null }],
      ['no list', { reserve: one }],
      ['no object', { reserve: [null] }],
      ['no counter', { reserve: [{ ...one, counter: '' }] }],
      ['a counter with half of a surrogate pair', { reserve: [{ ...one, counter: '\ud800' }] }],
      ['a counter twice', { reserve: [one, one] }],
      ['a number', { reserve: [{ ...one, amount: 1 }] }],
      ['less than nothing', { reserve: [{ ...one, amount: -1n }] }],
      ['no maximum', { reserve: [{ ...one, most: undefined }] }],
      ['no period', { reserve: [{ ...one, periodMs: 0 }] }],
      ['a period without an end', { reserve: [{ ...one, periodMs: Infinity }] }],
    ])('is a failure of the policy if it is %s', async (_, answer) => {
      const operation = sign(owner.having({ policy: () => answer as never }), owner.wallet.signing)
      await expect(operation.post()).rejects.toThrow('the hook policy has failed')
      expect(await reserved()).toBe('0')
    })
  })
})
