import { postgresDatabase } from '../service/database/postgres.ts'
import type { Database } from '../service/database/types.ts'
import { fromHex, abytes } from '../util/bytes.ts'
import { MASTER_KEY_LENGTH, readMasterKeys, type MasterKeys } from '../util/master-keys.ts'
import type { ServerContext } from './context.ts'
import { serverContext } from './create-server.ts'
import { cancelMove, moveClient } from './moves/move-client.ts'
import { restoreMoves } from './moves/restore-moves.ts'
import { openDatabase } from './program-database.ts'
import { given, givenNumber } from './program-env.ts'
import { readEvents } from './program-events.ts'
import { openMasterKeys } from './program-keys.ts'
import { programLog } from './program-log.ts'

const FLAGS: ReadonlySet<string> = new Set(['--cancel', '--unused'])

/** Whether these are the parameters of `move-client`: a client, and at most one flag after it. */
export function isMoveCommand([clientId, flag, ...rest]: readonly string[]): boolean {
  return clientId !== undefined && !FLAGS.has(clientId) && (flag === undefined || FLAGS.has(flag)) && rest.length === 0
}

/** `move-client`: prints as JSON how far the move is. */
export async function printMove([clientId, flag]: readonly string[]): Promise<void> {
  const targetKeys = readTargetKeys()
  const sourceKeys = openMasterKeys()
  await withBoth(async (source, target) => {
    const move = {
      source: contextOf(source, sourceKeys),
      target: contextOf(target, targetKeys),
      clientId: clientId as string,
    }
    if (flag === '--cancel') return { clientId, number: await cancelMove(move), state: 'cancelled' }
    return moveClient({ ...move, unused: flag === '--unused' })
  })
}

/** `restore-moves`: prints as JSON which clients have left, returned, or are missing. */
export async function printRestoredMoves(): Promise<void> {
  const masterKey = openMasterKeys()
  await withBoth((restored, peer) => restoreMoves(contextOf(restored, masterKey), peer))
}

/** Prints what the work returns, and closes both databases. */
async function withBoth(work: (own: Database, other: Database) => Promise<unknown>): Promise<void> {
  const url = given('RESHARE_TARGET_DATABASE_URL')
  if (url === undefined) throw new Error('RESHARE_TARGET_DATABASE_URL is required: the other database')
  const databases = [openDatabase(), postgresDatabase(url)] as const
  try {
    process.stdout.write(`${JSON.stringify(await work(...databases))}\n`)
  } finally {
    for (const database of databases) await database.close()
  }
}

function readTargetKeys(): MasterKeys {
  const key = given('RESHARE_TARGET_MASTER_KEY')
  if (key === undefined) throw new Error('RESHARE_TARGET_MASTER_KEY is required: the master key of the other database')
  const id = givenNumber('RESHARE_TARGET_MASTER_KEY_ID', 1, [1, 255])
  const keys = {
    current: { id, key: abytes(fromHex(key), MASTER_KEY_LENGTH, 'RESHARE_TARGET_MASTER_KEY') },
    previous: [],
  }
  // Mistakes in it are found before a database is opened.
  readMasterKeys(keys)
  return keys
}

function contextOf(database: Database, masterKey: MasterKeys): ServerContext {
  const onError = (error: unknown) => programLog().error(error)
  return serverContext({ database, masterKey, authenticate: () => undefined, onError, ...readEvents() })
}
