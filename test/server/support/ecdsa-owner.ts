import type { ServerContext } from '../../../src/server/context.ts'
import { storedPair, storedSet, tablesClient } from './played.ts'
import type { Tables } from './tables.ts'

/** A wallet with an ECDSA setup in the tables, and its client, which may sign with a setup for itself after a cheat. */
export async function ecdsaOwner(tables: Tables) {
  const { clientId, device } = tables.key()
  const set = await storedSet(tables, { clientId, device })
  const having = (changes: Partial<ServerContext>) =>
    tablesClient({ ...tables.context, onCheating: 'ephemeralSetup', ...changes }, { clientId, device })
  const wallet = { ...set, pair: await storedPair(tables, clientId, set) }
  return { clientId, device, set, having, client: having({}), wallet }
}
