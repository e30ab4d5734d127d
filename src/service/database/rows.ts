import { isDate } from '../../util/brand.ts'
import { isBytes } from '../../util/bytes.ts'
import type { Row, SqlValue } from './types.ts'

/** What a column holds, and how to tell. */
export interface Column<T extends SqlValue = SqlValue> {
  /** As PostgreSQL names it. */
  readonly type: 'text' | 'integer' | 'boolean' | 'bytea' | 'timestamp with time zone'
  readonly nullable: boolean
  readonly is: (value: unknown) => value is T
}

/** The columns of a table, or some of them, by name. */
export type Columns = Readonly<Record<string, Column>>

export const text: Column<string> = {
  type: 'text',
  nullable: false,
  is: (value) => typeof value === 'string',
}

export const int: Column<number> = {
  type: 'integer',
  nullable: false,
  is: (value): value is number => Number.isSafeInteger(value),
}

export const boolean: Column<boolean> = {
  type: 'boolean',
  nullable: false,
  is: (value) => typeof value === 'boolean',
}

export const bytes: Column<Uint8Array> = { type: 'bytea', nullable: false, is: isBytes }

/** An invalid date for a time that no server writes, such as infinity. */
export const time: Column<Date> = { type: 'timestamp with time zone', nullable: false, is: isDate }

/** Text that is one of these. */
export function oneOf<T extends string>(...values: readonly T[]): Column<T> {
  return { ...text, is: (value): value is T => values.some((allowed) => allowed === value) }
}

export function nullable<T extends SqlValue>(column: Column<T>): Column<T | null> {
  return { ...column, nullable: true, is: (value): value is T | null => value === null || column.is(value) }
}

/** Some columns of a table. */
export function pick<C extends Columns, K extends keyof C & string>(columns: C, ...names: readonly K[]): Pick<C, K> {
  return Object.fromEntries(names.map((name) => [name, columns[name]])) as Pick<C, K>
}

/** `wallet_id` as `walletId`. */
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

/** A row of these columns, with names as TypeScript has them. */
export type Decoded<C extends Columns> = {
  readonly [K in keyof C & string as Camel<K>]: C[K] extends Column<infer T> ? T : never
}

/**
 * Makes a function that reads rows of these columns; others in a row are left out. It throws an `Error` for a row that
 * lacks one or has a value of another type, and for no row at all. The error does not contain values.
 */
export function rowDecoder<C extends Columns>(columns: C): (row: Row | undefined) => Decoded<C> {
  const fields = Object.entries(columns).map(([name, column]) => [camel(name), name, column] as const)
  return (row) =>
    Object.fromEntries(fields.map(([field, name, column]) => [field, readColumn(row, name, column)])) as Decoded<C>
}

/**
 * Reads one column of a row.
 *
 * @throws {Error} if there is no row, or the column is missing or has a value of another type
 */
export function readColumn<T extends SqlValue>(row: Row | undefined, name: string, column: Column<T>): T {
  const value = row?.[name]
  if (!column.is(value)) throw new Error(`the database returned no row with ${name} as ${column.type}`)
  return value
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
