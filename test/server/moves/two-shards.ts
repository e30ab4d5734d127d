import type { ServerContext } from '../../../src/server/context.ts'
import { serverContext } from '../../../src/server/create-server.ts'
import type { Server } from '../../../src/server/index.ts'
import { verifyAuditLog } from '../../../src/server/audit/verify.ts'
import { cancelMove, moveClient, type ClientMove, type MoveResult } from '../../../src/server/moves/move-client.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { serverClient, type ServerClient } from '../../support/server-client.ts'
import { createWorld, type World } from '../support/world.ts'

/** A database with its server, and what moves its clients. */
export interface Shard {
  readonly world: World
  readonly server: Server
  readonly masterKey: Uint8Array
  /** @param database in place of the shard's own: what a mover sees of it */
  context(database?: Database): ServerContext
}

export async function createShard(
  database: Database,
  random: RandomSource,
  custodian?: World['custodian'],
): Promise<Shard> {
  const world = createWorld(database, random)
  const masterKey = random(32)
  const server = world.server({ masterKey, custodian: custodian ?? world.custodian })
  await server.sweep()
  const { now, errors } = world
  const authenticate = () => undefined
  const onError = (error: unknown) => errors.push(error)
  return {
    world,
    server,
    masterKey,
    context: (seen = database) => serverContext({ database: seen, now, random, masterKey, authenticate, onError }),
  }
}

/** A client, and the shard that a proxy sends it to. */
export interface RoutedClient extends ServerClient {
  home: Shard
}

/** A client that a proxy sends to one shard, until its `home` is another one. */
export function routedClient(home: Shard, random: RandomSource): RoutedClient {
  const client: RoutedClient = {
    ...serverClient((request) => client.home.server.fetch(request), `client-${toHex(random(8))}`, random),
    home,
  }
  return client
}

/** Moves a client from one shard to another one, as far as it goes. */
export async function move(
  source: Shard,
  target: Shard,
  clientId: string,
  options: Partial<ClientMove> = {},
): Promise<MoveResult> {
  // A later use has a later time.
  for (const { world } of [source, target]) world.pass(1)
  return moveClient({ source: source.context(), target: target.context(), clientId, drainMs: 0, ...options })
}

export const cancel = (source: Shard, target: Shard, clientId: string): Promise<number> =>
  cancelMove({ source: source.context(), target: target.context(), clientId })

export const breaksOf = async ({ world: { database }, masterKey }: Shard) =>
  (await verifyAuditLog({ database, masterKey })).breaks

/** Whether a database writes for a client: nothing is kept of the try. */
export async function isLive({ world: { database } }: Shard, clientId: string): Promise<boolean> {
  const undo = new Error('undone')
  const write = database.transaction(async (tx) => {
    const [known] = await tx.query('select 1 from reshare_sets where client_id = $1 limit 1', [clientId])
    if (known === undefined) return
    await tx.query('update reshare_sets set label = label where client_id = $1', [clientId])
    throw undo
  })
  return write.then(
    () => false,
    (error: unknown) => error === undo,
  )
}

/** What a database has of a client that may be used once. */
export async function singleUseIn({ world: { database } }: Shard, clientId: string): Promise<number> {
  const [row] = await database.query(
    `select ((select count(*) from reshare_preprocessings join reshare_sets using (set_id) where client_id = $1)
       + (select count(*) from reshare_ot_states join reshare_sets using (set_id) where client_id = $1 and not poisoned)
       + (select count(*) from reshare_operations where client_id = $1 and state is not null))::int as count`,
    [clientId],
  )
  return row?.['count'] as number
}
