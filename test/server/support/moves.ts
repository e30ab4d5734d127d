import type { ServerContext } from '../../../src/server/context.ts'
import { serverContext } from '../../../src/server/create-server.ts'
import { leave } from '../../../src/server/moves/leave.ts'
import { cancelMove, moveClient } from '../../../src/server/moves/move-client.ts'
import { beginMove, databaseName, findMove } from '../../../src/server/moves/moves-table.ts'
import { restoreMoves } from '../../../src/server/moves/restore-moves.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { MASTER_KEY, type World } from './world.ts'

/** Moves a client to another database and back, and begins a move that is given up. */
export async function moveThereAndBack(world: World, other: Database, clientId: string): Promise<void> {
  const [here, there] = [contextOf(world, world.database), contextOf(world, other)]
  const move = { clientId, drainMs: 100 }
  await moveClient({ ...move, source: here, target: there })
  await moveClient({ ...move, source: here, target: there, unused: true })
  await restoreMoves(here, other)
  await restoreMoves(there, world.database)
  await moveClient({ ...move, source: there, target: here, unused: true })
  const peer = await databaseName(other)
  const number = ((await findMove(world.database, clientId))?.number ?? 0) + 1
  await world.database.transaction((tx) => beginMove(here, tx, { clientId, number, state: 'CLOSING', peer }))
  await leave(here, { clientId, number }, peer)
  await cancelMove({ source: here, target: there, clientId })
}

function contextOf({ now, random, errors }: World, database: Database): ServerContext {
  const onError = (error: unknown) => errors.push(error)
  return serverContext({
    ...{ database, now, random, onError },
    masterKey: MASTER_KEY.slice(0, 32),
    authenticate: () => undefined,
  })
}
