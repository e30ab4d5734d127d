// @ts-check
import { apiTokens } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'

/**
 * What an app's backend knows: in which shard each client is. New clients are made in any.
 *
 * @param {readonly { urls: string[], databaseUrl: string }[]} shards
 * @param {import('../random.mjs').Random} random
 */
export function createHomes(shards, random) {
  const tokens = shards.map(({ databaseUrl }) =>
    apiTokens(postgresDatabase({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5000 })),
  )
  /** By client. @type {Map<string, number>} */
  const homes = new Map()
  /** By token. @type {Map<string, string>} */
  const clients = new Map()
  return {
    async createToken() {
      const shard = random.below(shards.length)
      const clientId = crypto.randomUUID()
      const token = await /** @type {import('reshare/server').ApiTokens} */ (tokens[shard]).create(clientId)
      homes.set(clientId, shard)
      clients.set(token, clientId)
      return token
    },
    /** @param {string} token @returns {readonly string[]} */
    urlsOf(token) {
      const home = homes.get(clients.get(token) ?? '')
      return home === undefined ? [] : (shards[home]?.urls ?? [])
    },
    /** Does nothing if it is a client of another process. @param {string} clientId @param {number} shard */
    move(clientId, shard) {
      if (homes.has(clientId)) homes.set(clientId, shard)
    },
  }
}
