import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database, Queryable, SqlValue } from '../../../src/service/database/types.ts'

/** A statement, with the parameters of the first time it was sent. */
export interface Recorded {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
}

/** A database that keeps what it is asked. */
export interface RecordingDatabase extends Database {
  readonly statements: ReadonlyMap<string, Recorded>
  /** Where in the folder they were sent from: `events/queue.ts:54`. */
  readonly sites: ReadonlySet<string>
}

/** The database, with each different statement that it was sent, and where in a folder of the repository. */
export function recordingDatabase(database: Database, folder: string): RecordingDatabase {
  const where = new RegExp(`/${folder}/([^\\s:?]+(?:\\?[^\\s:]*)?:\\d+)`)
  const statements = new Map<string, Recorded>()
  const sites = new Set<string>()
  const recorded = (db: Queryable): Queryable => ({
    query(sql, parameters = []) {
      if (!statements.has(sql)) statements.set(sql, { sql, parameters: [...parameters] })
      const site = callSite(where)
      if (site !== undefined) sites.add(site)
      return db.query(sql, parameters)
    },
  })
  return {
    ...database,
    ...recorded(database),
    transaction: (work, isolation) => database.transaction((tx) => work(recorded(tx)), isolation),
    statements,
    sites,
  }
}

function callSite(where: RegExp): string | undefined {
  return where.exec(new Error('where').stack ?? '')?.[1]
}

/** What looks as if it sent a statement about the tables, and does not. */
const OTHERS = /^(compatibility\/|observe\.ts)|c\.req\.query|'select 1'/

/** Each line of a folder of `src` that sends a statement, as in {@link RecordingDatabase.sites}. */
export function queriesIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.sort().flatMap((name) => {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n')
    return lines.flatMap((line, i) =>
      /\.query\(/.test(line) && !OTHERS.test(line) && !OTHERS.test(name) ? [`${name}:${i + 1}`] : [],
    )
  })
}
