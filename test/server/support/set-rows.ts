import type { SqlValue } from '../../../src/service/database/types.ts'
import { START, type Tables } from './tables.ts'

/** The sets that are to be retired once this one is proven, each with whether its backups go too. */
export async function owedRetirements({ database }: Tables, setId: string): Promise<SqlValue[][]> {
  const rows = await database.query(
    'select old_set_id, with_backups from reshare_retirements where set_id = $1 order by old_set_id',
    [setId],
  )
  return rows.map((row) => [row['old_set_id'] as SqlValue, row['with_backups'] as SqlValue])
}

/** Gives a set a preprocessing. @returns whether it has it still */
export async function storedPreprocessing(tables: Tables, setId: string): Promise<() => Promise<boolean>> {
  await tables.database.query(
    `insert into reshare_preprocessings (set_id, preprocessing_id, sealed, epoch, created_at, expires_at)
     values ($1, 'one', 'sealed', 1, $2, $3)`,
    [setId, new Date(START), new Date(START + 1e9)],
  )
  return async () => (await tables.row('select 1 from reshare_preprocessings where set_id = $1', setId)) !== undefined
}
