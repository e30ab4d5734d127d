import { expect, test } from 'vitest'
import {
  boolean,
  bytes,
  int,
  nullable,
  oneOf,
  pick,
  readColumn,
  rowDecoder,
  text,
  time,
} from '../../src/service/database/rows.ts'
import type { Columns } from '../../src/service/database/rows.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { custodianSchema } from '../../src/custodian/backend/schema.ts'
import { tables as custodianTables } from '../../src/custodian/backend/tables.ts'
import { serverSchema } from '../../src/server/schema.ts'
import { tables as serverTables } from '../../src/server/tables.ts'

const columns = {
  set_id: text,
  share_count: int,
  logged: boolean,
  sealed: bytes,
  created_at: time,
  purpose: oneOf('signing', 'backup'),
  last_used_at: nullable(time),
}

const row = {
  set_id: 'one',
  share_count: 2,
  logged: false,
  sealed: Uint8Array.of(1),
  created_at: new Date(0),
  purpose: 'backup',
  last_used_at: null,
}

test('a row is read by its columns, and others are left out', () => {
  const decoded = {
    setId: 'one',
    shareCount: 2,
    logged: false,
    sealed: Uint8Array.of(1),
    createdAt: new Date(0),
    purpose: 'backup',
    lastUsedAt: null,
  }
  expect(rowDecoder(columns)({ ...row, ordinal: 7 })).toEqual(decoded)
  expect(rowDecoder(columns)({ ...row, last_used_at: new Date(1) }).lastUsedAt).toEqual(new Date(1))
  expect(rowDecoder(pick(columns, 'set_id', 'purpose'))(row)).toEqual({ setId: 'one', purpose: 'backup' })
})

test.each([
  ['set_id', 1],
  ['share_count', '2'],
  ['share_count', 1.5],
  ['logged', 'false'],
  ['sealed', 'secret'],
  ['created_at', '1970-01-01'],
  ['purpose', 'secret'],
  ['last_used_at', 0],
  ['set_id', null],
])('a row with another %s is refused, and its value not shown: %j', (name, value) => {
  const read = () => rowDecoder(columns)({ ...row, [name]: value })
  expect(read).toThrow(`the database returned no row with ${name} as `)
  expect(read).not.toThrow('secret')
})

test('a column that is missing and a row that is missing are refused', () => {
  expect(() => readColumn({}, 'last_used_at', nullable(time))).toThrow('last_used_at')
  expect(() => readColumn(undefined, 'set_id', text)).toThrow('set_id')
  expect(() => rowDecoder(columns)(undefined)).toThrow('set_id')
})

test.each([
  ['server', serverSchema, serverTables],
  ['custodian', custodianSchema, custodianTables],
])('the columns of the %s are those of its tables', async (_, schema, tables: Readonly<Record<string, Columns>>) => {
  const database = pgliteDatabase()
  await database.migrate(schema)
  for (const [table, expected] of Object.entries(tables)) {
    const created = await database.query(
      `select column_name as name, data_type as type, is_nullable = 'YES' as nullable
       from information_schema.columns where table_name = $1`,
      [table],
    )
    // Statements alone use these.
    const known = created.filter(
      ({ name }) => !['ordinal', 'candidates', 'counts_as', 'period_ms'].includes(name as string),
    )
    const described = Object.entries(expected).map(([name, { type, nullable: isNullable }]) => {
      return { name, type, nullable: isNullable }
    })
    expect(described.sort(byName), table).toEqual(known.sort(byName))
  }
  await database.close()
})

function byName(a: { readonly name?: unknown }, b: { readonly name?: unknown }): number {
  return String(a.name) < String(b.name) ? -1 : 1
}
