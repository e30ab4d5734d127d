// @ts-check
// What an operation costs the server: statements, transactions and processor time. The database is PostgreSQL, a process of
// its own, where it is installed, and the embedded one elsewhere, whose time is then the server's.
import { generateX25519Identity } from 'age-encryption'
import { custom } from 'reshare/backup'
import {
  backupWallet,
  createClient,
  generateWallet,
  preprocessSignatures,
  recoverWallet,
  refreshShares,
  sign,
} from 'reshare'
import { createCustodian, webhookCustodian } from 'reshare/custodian'
import { createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { postgresDatabase } from 'reshare/server/postgres'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { startTestPostgres } from '../../scripts/test-postgres.mjs'
import { countedDatabase } from '../support/counted.mjs'
import { digits, table } from '../support/statistics.mjs'

export const title = 'What an operation costs the server'
export const caption = 'operations a second and core of the server'

const SECRET = 'webhook-secret-of-the-bench'
const WARM_UP = 20
const SIGNATURES = 300
const RUNS = 10

/** @typedef {{ name: string, requests: number, statements: number, transactions: number, milliseconds: number, processor: number }} Row */

export async function run() {
  const postgres = await startTestPostgres()
  const database = postgres ? postgresDatabase({ connectionString: postgres.url, max: 4 }) : pgliteDatabase()
  try {
    return { database: postgres ? 'PostgreSQL' : 'PGlite', rows: await measure(database) }
  } finally {
    await database.close()
    await postgres?.stop()
  }
}

/** @param {Awaited<ReturnType<typeof run>>} result */
export function print({ database, rows }) {
  const header = ['operation', 'requests', 'statements', 'transactions', 'ms', 'server ms', 'a second and core']
  const cells = rows.map(({ name, requests, statements, transactions, milliseconds, processor }) => [
    name,
    ...[requests, statements, transactions, milliseconds, processor, 1000 / processor].map(digits),
  ])
  return `${table([header, ...cells])}\n\nwith ${database}; without the custodian's and the hook authenticate's part`
}

/** @param {Awaited<ReturnType<typeof run>>} result @returns {import('../support/chart.mjs').Panel[]} */
export function panels({ rows }) {
  const bars = rows.map(({ name, processor }) => {
    return {
      label: name,
      value: 1000 / processor,
      low: 1000 / processor,
      high: 1000 / processor,
      text: digits(1000 / processor),
      ours: true,
    }
  })
  return [{ title: 'operations', bars }]
}

/** @param {import('reshare/server').Database} opened @returns {Promise<Row[]>} */
async function measure(opened) {
  const { database, take } = countedDatabase(opened)
  const custodian = createCustodian({
    database: opened,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => undefined,
  })
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: () => ({ clientId: 'bench' }),
    limits: { rates: { sign: { count: 1_000_000, perMs: 60_000 }, generate: null, recover: null } },
    custodian: webhookCustodian({
      url: 'http://localhost',
      secret: SECRET,
      fetch: (/** @type {string | URL | Request} */ url, /** @type {RequestInit | undefined} */ init) =>
        custodian.fetch(new globalThis.Request(url, init)),
    }),
  })
  await server.sweep()
  const spent = { requests: 0, milliseconds: 0, processor: 0 }
  const inner = inProcessTransport(server)
  /** @type {import('reshare').TransportRequest[] | undefined} */
  let recorded
  const transport = {
    /** @param {import('reshare').TransportRequest} request */
    async request(request) {
      if (recorded !== undefined) {
        if (request.path.endsWith('/rounds/1')) recorded.push({ ...request, body: request.body?.slice() })
        throw new Error('recorded')
      }
      const [start, cpu] = [performance.now(), process.cpuUsage()]
      const response = await inner.request(request)
      const { user, system } = process.cpuUsage(cpu)
      spent.requests += 1
      spent.milliseconds += performance.now() - start
      spent.processor += (user + system) / 1000
      return response
    },
  }
  /** @type {Row[]} */
  const rows = []
  /** @param {string} name @param {number} count @param {() => Promise<unknown>} work */
  const timed = async (name, count, work) => {
    for (let i = 0; i < Math.min(WARM_UP, count); i++) await work()
    take()
    Object.assign(spent, { requests: 0, milliseconds: 0, processor: 0 })
    for (let i = 0; i < count; i++) await work()
    const sums = { ...take(), ...spent }
    const of = (/** @type {keyof typeof sums} */ key) => sums[key] / count
    rows.push({
      name,
      requests: of('requests'),
      statements: of('statements'),
      transactions: of('transactions'),
      milliseconds: of('milliseconds'),
      processor: of('processor'),
    })
  }
  /** What has one request is recorded and sent by itself: only the server's time counts. @type {typeof timed} */
  const replayed = async (name, count, work) => {
    const requests = (recorded = /** @type {import('reshare').TransportRequest[]} */ ([]))
    for (let i = 0; i < WARM_UP + count; i++) await work().catch(() => undefined)
    recorded = undefined
    for (const request of requests.splice(0, WARM_UP)) await inner.request(request)
    take()
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    for (const request of requests) await inner.request(request)
    const { user, system } = process.cpuUsage(cpu)
    const { statements, transactions } = take()
    const [milliseconds, processor] = [(performance.now() - start) / count, (user + system) / 1000 / count]
    rows.push({
      ...{ name, requests: requests.length / count, milliseconds, processor },
      ...{ statements: statements / count, transactions: transactions / count },
    })
  }
  /** @param {number} size @param {import('reshare').ShareStore} [storage] */
  const device = (size = 0, storage = memoryStore()) =>
    createClient({ transport, storage, repeats: false, pool: { size, mayFill: () => false } })
  await story(device, timed, replayed)
  return rows
}

/** @typedef {(name: string, count: number, work: () => Promise<unknown>) => Promise<void>} Timed */

/**
 * @param {(pool?: number, storage?: import('reshare').ShareStore) => import('reshare').Client} device
 * @param {Timed} timed
 * @param {Timed} replayed
 */
async function story(device, timed, replayed) {
  const storage = memoryStore()
  const [phone, pooled] = [device(0, storage), device(32, storage)]
  const method = custom({ identities: [await generateX25519Identity()] })
  const { id: walletId } = await generateWallet(phone)
  const message = new Uint8Array(32)
  const ecdsa = { walletId, scheme: /** @type {const} */ ('ecdsa'), message, hash: /** @type {const} */ ('sha256') }
  await sign(phone, { walletId, scheme: 'ed25519', message })
  await replayed('sign ed25519', SIGNATURES, () => sign(phone, { walletId, scheme: 'ed25519', message }))
  await replayed('sign bip340', SIGNATURES, () => sign(phone, { walletId, scheme: 'bip340', message }))
  await timed('sign ecdsa', RUNS, () => sign(phone, ecdsa))
  let made = 0
  await timed('preprocess', RUNS, () => preprocessSignatures(pooled, { walletId, count: ++made }))
  await timed('sign ecdsa, preprocessed', RUNS, () => sign(pooled, ecdsa))
  await timed('generate', RUNS, () => generateWallet(device()))
  /** @type {import('reshare').PendingBackup[]} */
  const backups = []
  await timed('backup', RUNS, async () => backups.push(await backupWallet(phone, { walletId, method })))
  const backup = /** @type {import('reshare').PendingBackup} */ (backups.at(-1))
  await backup.confirm()
  const { cipherText } = backup
  await timed('recover, keep', RUNS, () => recoverWallet(device(), { cipherText, method, existingSets: 'keep' }))
  await timed('refresh', RUNS, () => refreshShares(phone, { walletId }))
}
