// The server of a worker with its custodian, on a database that the worker opens for each request.
import { createCustodian, webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'

const SECRET = 'webhook-secret-of-the-hosts'

/** @param {import('reshare/server').Database} database */
export function makeServer(database) {
  const tokens = apiTokens(database)
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => undefined,
  })
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: tokens.authenticate,
    custodian: webhookCustodian({
      url: 'http://localhost',
      secret: SECRET,
      fetch: (input, init) => custodian.fetch(new Request(input, init)),
    }),
  })
  let clients = 0
  const fetch = async (request) => {
    if (new URL(request.url).pathname !== '/token') return server.fetch(request)
    return new Response(await tokens.create(`client-${++clients}`))
  }
  return { ...server, fetch }
}
