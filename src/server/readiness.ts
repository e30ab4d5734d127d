import { readSchemaVersion } from '../service/database/schema-version.ts'
import { within } from '../util/within.ts'
import type { ServerContext } from './context.ts'
import { serverSchema } from './schema.ts'

/** Whether a server can handle requests now. */
export interface Readiness {
  /** Whether the database and the log can be used. */
  readonly ready: boolean
  /** Whether the database responds, and has tables that this version can use. */
  readonly database: 'ok' | 'failed'
  /** Whether a master key opens the audit log. Without it, no set changes. */
  readonly auditLog: 'ok' | 'failed'
  /** Whether there is a custodian; without one, the server makes no backups and recovers nothing. It is not called. */
  readonly custodian: 'configured' | 'none'
}

/** How long a check waits for the database. */
const WAIT_MS = 5_000

/** Checks readiness. The first of failures in a row goes to `onError`. */
export function createReadiness(
  context: Pick<ServerContext, 'database' | 'audit' | 'custodian' | 'onError'>,
): () => Promise<Readiness> {
  const { database, audit } = context
  const custodian = context.custodian === undefined ? 'none' : 'configured'
  let wasReady = true
  const late = () => new Error(`no response within ${WAIT_MS} ms`)
  const check = async (work: () => Promise<unknown>): Promise<'ok' | 'failed'> => {
    try {
      await within(WAIT_MS, work, late)
      return 'ok'
    } catch (error) {
      if (wasReady) context.onError(error)
      wasReady = false
      return 'failed'
    }
  }
  return async () => {
    const usable = await check(async () => {
      await database.migrate(serverSchema)
      // A newer process may have migrated since.
      await readSchemaVersion(database, serverSchema)
    })
    const auditLog = usable === 'ok' ? await check(() => audit.open()) : 'failed'
    const ready = usable === 'ok' && auditLog === 'ok'
    if (ready) wasReady = true
    return { ready, database: usable, auditLog, custodian }
  }
}
