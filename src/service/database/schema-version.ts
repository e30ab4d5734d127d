import { Misconfigured } from '../http.ts'
import type { Queryable, Schema } from './types.ts'

/**
 * Reads whether the tables can be used with this schema, which a process of a newer version may have changed since.
 *
 * @returns their version; 0 if there are none
 * @throws {Misconfigured} if they are too new
 */
export async function readSchemaVersion(database: Queryable, schema: Schema): Promise<number> {
  const [row] = await database.query('select version, oldest from reshare_schema where component = $1', [
    schema.component,
  ])
  const version = Number(row?.['version'] ?? 0)
  // Versions of this package that did not write it served no newer tables.
  const oldest = Number(row?.['oldest'] ?? version)
  if (schema.migrations.length >= oldest) return version
  throw new Misconfigured(
    `the ${schema.component}'s tables are of version ${version}, which needs processes of version ${oldest} or later: ` +
      `this one has version ${schema.migrations.length}, too old`,
  )
}
