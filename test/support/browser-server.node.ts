import type { TestProject } from 'vitest/node'
import { createCustodian, webhookCustodian } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { apiTokens, createServer } from '../../src/server/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { toHex } from '../../src/util/bytes.ts'
import { startNodeSide } from './cross-runtime/node-side.node.ts'
import { startFrames } from '../remote/support/frame-server.node.ts'
import { listen } from './listen.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The real server that browsers recover against, and the app's backend with its custodian. */
    readonly server: {
      readonly url: string
      readonly backendUrl: string
      /** Emulated clouds, and a program of Node that opens what a browser seals: see `cross-runtime`. */
      readonly cloudUrl: string
      readonly nodeUrl: string
      /** The page of an iframe that has a client, at an origin of its own. */
      readonly frameUrl: string
      /** By browser, each of which is a user; and of users that have no wallet yet: `<browser> plain`, `<browser> sealed`, `<browser> cross`, `<browser> worker`, `<browser> frame`. */
      readonly tokens: Readonly<Record<string, string>>
      /** What sealed requests are sealed to, in hex. */
      readonly channelKey: string
    }
  }
}

const USERS = ['chromium', 'firefox', 'webkit'].flatMap((engine) => [
  engine,
  `${engine} plain`,
  `${engine} sealed`,
  `${engine} cross`,
  `${engine} worker`,
  `${engine} frame`,
])
const CHANNEL = generateKeyPair((length) => new Uint8Array(length).fill(3))
const SECRET = 'webhook-secret-of-the-browser-tests'

/** One signing server and one custodian app on loopback for all browsers, each of which is a client of its own. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const database = pgliteDatabase()
  const tokens = apiTokens(database)
  const custodianFor = (origin: string) =>
    createCustodian({
      database,
      masterKey: new Uint8Array(32).fill(1),
      webhookSecret: SECRET,
      allowedOrigins: [origin],
      authenticateUser: async (request) => {
        const client = await tokens.authenticate(request)
        return client && { ...client, userId: client.clientId }
      },
      authorizeExport: (_, { authorization }) => authorization === 'the user said so',
    })
  const backend = await listen(forEachOrigin(custodianFor))
  const serverFor = (origin: string) =>
    createServer({
      database,
      masterKey: new Uint8Array(32).fill(2),
      authenticate: tokens.authenticate,
      custodian: webhookCustodian({ url: backend.url, secret: SECRET }),
      allowedOrigins: [origin],
      channelKeys: [CHANNEL.secretKey],
    })
  const front = await listen(forEachOrigin(serverFor))
  const node = await startNodeSide(front.url)
  const frames = await startFrames()
  const own = await Promise.all(USERS.map(async (user) => [user, await tokens.create(user)] as const))
  provide('server', {
    url: front.url,
    backendUrl: backend.url,
    cloudUrl: node.cloudUrl,
    nodeUrl: node.nodeUrl,
    frameUrl: frames.url,
    tokens: Object.fromEntries(own),
    channelKey: toHex(CHANNEL.publicKey),
  })
  return async () => {
    await node.close()
    await Promise.all([front.close(), backend.close(), frames.close()])
    await database.close()
  }
}

type Handler = (request: Request) => Promise<Response>

/** The page's port is Vite's to choose, so the origin is known when the first page asks; servers keep nothing in memory. */
function forEachOrigin(create: (origin: string) => { readonly fetch: Handler }): Handler {
  const handlers = new Map<string, Handler>()
  return (request) => {
    const origin = request.headers.get('origin') ?? 'http://no-origin.test'
    const handler = handlers.get(origin) ?? create(origin).fetch
    handlers.set(origin, handler)
    return handler(request)
  }
}
