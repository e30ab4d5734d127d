import type { Queryable, Row, SqlValue } from './types.ts'

/** A statement that is not run yet. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/**
 * Runs statements as one. Each sees the database as it was before all of them, so no two may write the same row; foreign
 * keys are checked after all of them.
 *
 * @param statements by a name, with which `values` can read what each returns
 * @param values further columns of the result: expressions of SQL
 * @returns a row with the number of rows that each statement has returned, by its name, and the values
 */
export async function runCombined(
  db: Queryable,
  statements: Readonly<Record<string, Statement>>,
  values: Readonly<Record<string, string>> = {},
): Promise<Row> {
  const parameters: SqlValue[] = []
  const parts = Object.entries(statements).map(([name, statement]) => {
    const first = parameters.length
    parameters.push(...statement.parameters)
    return `${name} as (${statement.sql.replace(/\$(\d+)/g, (_, i: string) => `$${first + Number(i)}`)})`
  })
  const counts = Object.keys(statements).map((name) => `(select count(*)::int from ${name}) as ${name}`)
  const columns = Object.entries(values).map(([name, expression]) => `${expression} as ${name}`)
  const [row] = await db.query(`with ${parts.join(', ')} select ${[...counts, ...columns].join(', ')}`, parameters)
  return row as Row
}
