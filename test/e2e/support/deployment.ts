import { createCustodian, webhookCustodian } from '../../../src/custodian/index.ts'
import type { Transport } from '../../../src/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { apiTokens, createServer, type OnCheating, type Policy, type ServerOptions } from '../../../src/server/index.ts'
import { httpTransport } from '../../../src/transport/index.ts'
import { listen } from '../../support/listen.ts'

/** A signing server and a custodian app on loopback, on one database. */
export interface Deployment {
  readonly url: string
  /** The app's backend, whose user `user X` has the token of the client X. */
  readonly appUrl: string
  createToken(clientId: string): Promise<string>
  /** The server as a client with a token of its own sees it. */
  transportFor(clientId: string): Promise<Transport>
  /** Whether the custodian answers. */
  custodianUp: boolean
  close(): Promise<void>
}

const SECRET = 'webhook-secret-of-the-tests'

export async function deploy(
  database: Database,
  policy?: Policy,
  onCheating: OnCheating = 'refuse',
  options: Pick<ServerOptions, 'channelKeys' | 'requireSealed' | 'authorizeExport' | 'intents' | 'requireIntent'> = {},
): Promise<Deployment> {
  const tokens = apiTokens(database)
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: async (request) => {
      const client = await tokens.authenticate(request)
      return client && { ...client, userId: `user ${client.clientId}` }
    },
  })
  let up = true
  const backend = await listen((request) => (up ? custodian.fetch(request) : new Response(null, { status: 503 })))
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: tokens.authenticate,
    custodian: webhookCustodian({ url: backend.url, secret: SECRET }),
    onCheating,
    ...(policy && { policy }),
    ...options,
  })
  const front = await listen((request) => server.fetch(request))
  return {
    url: front.url,
    appUrl: backend.url,
    createToken: (clientId) => tokens.create(clientId),
    async transportFor(clientId) {
      const token = await tokens.create(clientId)
      return httpTransport(front.url, { headers: () => ({ authorization: `Bearer ${token}` }) })
    },
    get custodianUp() {
      return up
    },
    set custodianUp(value) {
      up = value
    },
    async close() {
      await Promise.all([front.close(), backend.close()])
    },
  }
}
