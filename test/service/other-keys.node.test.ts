import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { countOtherKeys, rowsOfOtherKeys } from '../../src/service/other-keys.ts'
import type { Database, Row, SqlValue } from '../../src/service/database/types.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'

const SEALED = { table: 'sample', key: ['a', 'b'], sealed: ['first', 'second'] }
const ROWS = 2345

/** A node of a plan that was run. */
interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

describe.each(chosenDatabases('service/other-keys'))('what other master keys have sealed, on $name', ({ open }) => {
  let database: Database
  beforeAll(async () => {
    database = await open()
    await database.query('create table sample (a text, b int, first bytea not null, second bytea, primary key (a, b))')
  })
  beforeEach(async () => {
    await database.query('delete from sample')
    await database.query(
      `insert into sample select (n % 7)::text, n, '\\x0102', case when n % 2 = 0 then '\\x01'::bytea end
       from generate_series(1, ${ROWS}) n`,
    )
  })
  afterAll(() => database.close())

  const sealBy = (keyId: number, column: string, where: string) =>
    database.query(`update sample set ${column} = set_byte(${column}, 0, ${keyId}) where ${where}`)

  async function find(from: Pick<Database, 'query'> = database): Promise<SqlValue[]> {
    const found: Row[] = []
    for await (const row of rowsOfOtherKeys(from, SEALED, 1)) found.push(row)
    return found.map((row) => row['b'] as SqlValue)
  }

  test('they are found in the order of the key, each once, and counted by value', async () => {
    await sealBy(9, 'first', 'b % 3 = 0')
    await sealBy(8, 'second', 'b % 4 = 0')
    const numbers = Array.from({ length: ROWS }, (_, i) => i + 1)
    const inOrder = numbers.sort((x, y) => (x % 7) - (y % 7) || x - y)
    expect(await find()).toEqual(inOrder.filter((n) => n % 3 === 0 || n % 4 === 0))
    const values = inOrder.filter((n) => n % 3 === 0).length + inOrder.filter((n) => n % 4 === 0).length
    expect(await countOtherKeys(database, SEALED, 1)).toBe(values)
  })

  test('columns are chosen, the key among them', async () => {
    await sealBy(9, 'first', 'b = 5')
    const found: Row[] = []
    for await (const row of rowsOfOtherKeys(database, SEALED, 1, 'a, b, b + 1 as next')) found.push(row)
    expect(found).toEqual([{ a: '5', b: 5, next: 6 }])
  })

  test('a search that has ended early goes on with what it has not found yet', async () => {
    await sealBy(9, 'first', 'b % 5 = 0')
    let found = 0
    for await (const row of rowsOfOtherKeys(database, SEALED, 1)) {
      await sealBy(1, 'first', `b = ${Number(row['b'])}`)
      if (++found === 200) break
    }
    expect(await countOtherKeys(database, SEALED, 1)).toBe(Math.floor(ROWS / 5) - 200)
    expect(await find()).toHaveLength(Math.floor(ROWS / 5) - 200)
  })

  test('rows that are sealed meanwhile, and an empty table, end no search early', async () => {
    await sealBy(9, 'first', 'true')
    const seen = new Set<unknown>()
    for await (const row of rowsOfOtherKeys(database, SEALED, 1)) {
      if (seen.size === 0) await sealBy(1, 'first', `a = '3'`)
      seen.add(row['b'])
    }
    const sealed = Array.from({ length: ROWS }, (_, i) => i + 1).filter((n) => n % 7 === 3)
    expect(seen.size).toBe(ROWS - sealed.length)
    await database.query('delete from sample')
    expect([await find(), await countOtherKeys(database, SEALED, 1)]).toEqual([[], 0])
  })

  test('no statement looks at more than a page of rows, where there is nothing to find as well', async () => {
    await sealBy(9, 'first', `a = '6'`)
    await database.transaction(async (tx) => {
      for (const way of ['seqscan', 'bitmapscan', 'sort']) await tx.query(`set local enable_${way} = off`)
      const looked: number[] = []
      const explained: Pick<Database, 'query'> = {
        async query(sql, parameters) {
          const [row] = await tx.query(`explain (analyze, format json) ${sql}`, parameters)
          const plan = row?.['QUERY PLAN'] as unknown
          const [{ Plan: root }] = (typeof plan === 'string' ? JSON.parse(plan) : plan) as [{ Plan: PlanNode }]
          looked.push(mostRows(root))
          return tx.query(sql, parameters)
        },
      }
      expect(await find(explained)).toHaveLength(Math.floor((ROWS + 1) / 7))
      await countOtherKeys(explained, SEALED, 1)
      expect(Math.max(...looked)).toBe(1000)
    })
  })
})

function mostRows(node: PlanNode): number {
  return Math.max(
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0),
    ...(node.Plans ?? []).map((child) => mostRows(child)),
  )
}
