import { embeddedCustodian } from '../custodian/backend/embedded-custodian.ts'
import { webhookCustodian } from '../custodian/index.ts'
import type { Custodian } from '../custodian/types.ts'
import { fromHex } from '../util/bytes.ts'
import { checkText, SETTING } from '../util/text.ts'
import { readChannelKeys } from './access/channel-keys.ts'
import { createServer, type Server } from './create-server.ts'
import { runCommand } from './program-commands.ts'
import { openDatabase } from './program-database.ts'
import { folder, given, givenList, givenNumber, isProduction } from './program-env.ts'
import { readEvents, startDeliveries } from './program-events.ts'
import { openMasterKeys, readOrMakeKey } from './program-keys.ts'
import { programLog, reportEnd } from './program-log.ts'
import { readMonitor } from './program-monitor.ts'
import { apiTokens } from './access/tokens.ts'
import { SETTINGS, USAGE } from './usage.ts'

/** Where a server listens. */
export interface ListeningAddress {
  /** An IP address. */
  readonly address: string
  /** IPv4 or IPv6. */
  readonly family: string
  /** The port, also where 0 was asked for. */
  readonly port: number
}

/** Listens for requests: `serve` of the package `@hono/node-server`. */
export type Serve = (
  options: { fetch: (request: Request) => Promise<Response>; hostname: string; port: number },
  onListening: (address: ListeningAddress) => void,
) => {
  /** Stops listening; calls back once the running requests have ended. */
  close(onClosed: () => void): unknown
  /** Closes connections without a request. */
  closeIdleConnections?(): void
}

/**
 * The program of the package `reshare-server`. It reads environment variables, prints to the standard streams and sets the
 * exit code of the process: `--help` describes them.
 *
 * @param parameters of the command line: `process.argv.slice(2)`
 */
export async function runProgram(parameters: readonly string[], serve: Serve): Promise<void> {
  await main(parameters, serve).catch((error: unknown) => {
    reportEnd(error)
    process.exitCode = 1
  })
}

const SWEEP_MS = 60_000
const DEFAULT_HOST = '127.0.0.1'
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set([DEFAULT_HOST, '::1', 'localhost'])

async function main([command, ...parameters]: readonly string[], serve: Serve): Promise<void> {
  for (const parameter of [command, ...parameters])
    if (parameter !== undefined) checkText(parameter, SETTING, 'a parameter')
  // Mistakes in them are found before anything is opened or created.
  for (const name of SETTINGS) given(name)
  programLog()
  if (command === undefined) await start(false, serve)
  else if (command === '--dev-custodian' && parameters.length === 0) await start(true, serve)
  else if (command === '--help' && parameters.length === 0) process.stdout.write(USAGE)
  else if (!(await runCommand(command, parameters))) {
    process.stderr.write(USAGE)
    process.exitCode = 2
  }
}

async function start(devCustodian: boolean, serve: Serve): Promise<void> {
  const port = readPort()
  const allowedOrigins = givenList('RESHARE_ALLOWED_ORIGINS')
  const channel = readChannel()
  const onCheating = readOnCheating()
  const openMonitor = readMonitor(DEFAULT_HOST)
  const events = readEvents()
  if (devCustodian) requireDevelopment()
  const webhooks = openWebhooks()
  const masterKey = openMasterKeys()
  const custodianKey = devCustodian
    ? readOrMakeKey('dev-custodian-key', 'a key of the custodian', 'the backups recover nothing')
    : undefined
  const database = openDatabase()
  const custodian = custodianKey ? embeddedCustodian(database, custodianKey) : webhooks
  const notice = custodianNotice(custodian, devCustodian)
  if (notice !== undefined) programLog().notice(notice)
  const monitor = openMonitor?.(database)
  const server = createServer({
    database,
    masterKey,
    authenticate: apiTokens(database).authenticate,
    allowedOrigins,
    onCheating,
    onError: report,
    onRequest: (request) => programLog().request(request),
    ...channel,
    ...events,
    ...(custodian && { custodian }),
    ...monitor?.options,
  })
  await server.sweep()
  const sweeping = setInterval(sweepAlone(server), SWEEP_MS)
  const endDeliveries = events.events === undefined ? async () => undefined : startDeliveries(server)
  const view = monitor?.open(server)
  const viewed = view && monitor && (await listen(serve, { ...monitor, fetch: view.fetch }))
  const { listener, url } = await listen(serve, { fetch: server.fetch, hostname: given('HOST') ?? DEFAULT_HOST, port })
  const says = { url, channelKey: server.channelKey, monitor: viewed?.url, ...(devCustodian && { devCustodian }) }
  process.stdout.write(`${JSON.stringify(says)}\n`)
  const stop = () => {
    clearInterval(sweeping)
    view?.drain()
    const delivered = endDeliveries()
    const close = () => void delivered.then(() => database.close()).catch(report)
    // Running requests are finished; idle connections are closed.
    listener.close(() => {
      viewed?.listener.close(close)
      viewed?.listener.closeIdleConnections?.()
      if (viewed === undefined) close()
    })
    listener.closeIdleConnections?.()
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** @returns once it listens */
function listen(
  serve: Serve,
  { fetch, hostname, port }: Parameters<Serve>[0],
): Promise<{ readonly listener: ReturnType<Serve>; readonly url: string }> {
  return new Promise((resolve) => {
    const listener = serve({ fetch, hostname, port }, (address) => resolve({ listener, url: urlOf(address) }))
  })
}

function report(error: unknown): void {
  programLog().error(error)
}

/** One sweep at a time, so that slow ones do not pile up. */
function sweepAlone(server: Server): () => void {
  let running = false
  return () => {
    if (running) return
    running = true
    server
      .sweep()
      .catch(report)
      .finally(() => (running = false))
  }
}

function openWebhooks(): Custodian | undefined {
  const url = given('RESHARE_CUSTODIAN_URL')
  if (url === undefined) return undefined
  const secret = given('RESHARE_WEBHOOK_SECRET')
  if (secret === undefined) throw new Error('RESHARE_CUSTODIAN_URL needs RESHARE_WEBHOOK_SECRET')
  return webhookCustodian({ url, secret })
}

/**
 * A server that is its own custodian loses wallets and backups together, so that mode is for development: on loopback,
 * with the embedded database, and without production settings.
 *
 * @throws {Error} otherwise, before anything is created
 */
function requireDevelopment(): void {
  const refusals: readonly [boolean, string][] = [
    [isProduction(), 'NODE_ENV is production'],
    [given('DATABASE_URL') !== undefined, 'DATABASE_URL is set, and it stores its shares in the embedded database'],
    [given('RESHARE_CUSTODIAN_URL') !== undefined, 'RESHARE_CUSTODIAN_URL is set'],
    [given('RESHARE_WEBHOOK_SECRET') !== undefined, 'RESHARE_WEBHOOK_SECRET is set'],
    [!LOOPBACK_HOSTS.has(given('HOST') ?? DEFAULT_HOST), 'HOST is not 127.0.0.1, ::1 or localhost'],
  ]
  const refusal = refusals.find(([refused]) => refused)
  if (refusal !== undefined) throw new Error(`--dev-custodian is for development only: ${refusal[1]}`)
}

function custodianNotice(custodian: Custodian | undefined, devCustodian: boolean): string | undefined {
  if (devCustodian) {
    return (
      `WARNING: --dev-custodian: this server is its own custodian, and stores the custodian shares in ${folder()} beside its ` +
      'own shares. If that folder is lost, wallets and backups are lost together. For development only'
    )
  }
  if (custodian !== undefined) return undefined
  return (
    'no custodian: backups and recoveries are refused. Set RESHARE_CUSTODIAN_URL and RESHARE_WEBHOOK_SECRET, ' +
    'or start with --dev-custodian while you develop'
  )
}

function readOnCheating(): 'refuse' | 'ephemeralSetup' {
  const onCheating = given('RESHARE_ON_CHEATING') ?? 'refuse'
  if (onCheating === 'refuse' || onCheating === 'ephemeralSetup') return onCheating
  throw new Error('RESHARE_ON_CHEATING must be refuse or ephemeralSetup')
}

function readChannel(): { channelKeys: Uint8Array[]; requireSealed: boolean } {
  const keys = givenList('RESHARE_CHANNEL_KEY')
  const requireSealed = given('RESHARE_REQUIRE_SEALED') ?? 'false'
  if (requireSealed !== 'true' && requireSealed !== 'false') {
    throw new Error('RESHARE_REQUIRE_SEALED must be true or false')
  }
  const channel = { channelKeys: keys.map(fromHex), requireSealed: requireSealed === 'true' }
  // Mistakes in them are found before the database is opened.
  readChannelKeys(channel.channelKeys, channel.requireSealed)
  return channel
}

function readPort(): number {
  return givenNumber('PORT', 8787, [0, 65535])
}

function urlOf({ address, family, port }: ListeningAddress): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
