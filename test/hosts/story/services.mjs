// A signing server and a custodian, as an app mounts them. Each runtime listens in its own way (serve-*.mjs).
import { createCustodian, webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'

const SECRET = 'webhook-secret-of-the-hosts'

/** @param {string} [backendUrl] where `backend` will listen; without one, the server calls it in this process */
export function createServices(backendUrl) {
  const database = pgliteDatabase()
  const tokens = apiTokens(database)
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => undefined,
  })
  const webhooks =
    backendUrl === undefined
      ? { url: 'http://localhost', fetch: (input, init) => custodian.fetch(new Request(input, init)) }
      : { url: backendUrl }
  const serverFor = (origin) =>
    createServer({
      database,
      masterKey: new Uint8Array(32).fill(2),
      authenticate: tokens.authenticate,
      custodian: webhookCustodian({ ...webhooks, secret: SECRET }),
      allowedOrigins: origin === undefined ? [] : [origin],
    })
  /** The ports of pages are known when the first of them asks. */
  const servers = new Map()
  let clients = 0
  return {
    backend: custodian.fetch,
    /** `GET /token` makes a client; everything else is the signing server. */
    front: async (request) => {
      if (new URL(request.url).pathname === '/token') return new Response(await tokens.create(`client-${++clients}`))
      const origin = request.headers.get('origin') ?? undefined
      if (!servers.has(origin)) servers.set(origin, serverFor(origin))
      return servers.get(origin).fetch(request)
    },
  }
}
