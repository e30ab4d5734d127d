import type { TestProject } from 'vitest/node'
import { createCustodian, webhookCustodian } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { apiTokens, createServer, type Server } from '../../src/server/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { toHex } from '../../src/util/bytes.ts'
import { listen } from './listen.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The real server that browsers recover against. */
    readonly server: {
      readonly url: string
      readonly tokens: Readonly<Record<string, string>>
      /** What sealed requests are sealed to, in hex. */
      readonly channelKey: string
    }
  }
}

const ENGINES = ['chromium', 'firefox', 'webkit']
const CHANNEL = generateKeyPair((length) => new Uint8Array(length).fill(3))
const SECRET = 'webhook-secret-of-the-browser-tests'

/** One signing server and one custodian app on loopback for all browsers, each of which is a client of its own. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const database = pgliteDatabase()
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => undefined,
  })
  const backend = await listen((request) => custodian.fetch(request))
  const tokens = apiTokens(database)
  const serverFor = (origin: string): Server =>
    createServer({
      database,
      masterKey: new Uint8Array(32).fill(2),
      authenticate: tokens.authenticate,
      custodian: webhookCustodian({ url: backend.url, secret: SECRET }),
      allowedOrigins: [origin],
      channelKeys: [CHANNEL.secretKey],
    })
  // The page's port is Vite's to choose, so the origin is known when the first page asks; servers keep nothing in memory.
  const servers = new Map<string, Server>()
  const front = await listen((request) => {
    const origin = request.headers.get('origin') ?? ''
    if (!servers.has(origin)) servers.set(origin, serverFor(origin))
    return (servers.get(origin) as Server).fetch(request)
  })
  const own = await Promise.all(ENGINES.map(async (engine) => [engine, await tokens.create(engine)] as const))
  provide('server', { url: front.url, tokens: Object.fromEntries(own), channelKey: toHex(CHANNEL.publicKey) })
  return async () => {
    await Promise.all([front.close(), backend.close()])
    await database.close()
  }
}
