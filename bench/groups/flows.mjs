// @ts-check
// Each action of a client end to end, with the server, the custodian and an embedded database in one process. The key of
// the backup is an X25519 identity: what a password costs is a row of its own.
import { generateX25519Identity } from 'age-encryption'
import { custom, password } from 'reshare/backup'
import { backupWallet, createClient, generateWallet, recoverWallet, refreshShares, sign } from 'reshare'
import { importWallet } from 'reshare/import'
import { inviteDevice, joinWallet } from 'reshare/join'
import { createCustodian, webhookCustodian } from 'reshare/custodian'
import { apiTokens, createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Actions of a client'
export const caption = 'milliseconds with server, custodian and database in one process'

const WARM_UP = 5
const RUNS = 20
const PASSWORD_RUNS = 3
const SECRET = 'webhook-secret-of-the-bench'

export async function run() {
  const database = pgliteDatabase()
  try {
    return await measure(await connect(database))
  } finally {
    await database.close()
  }
}

/** @param {Awaited<ReturnType<typeof run>>} rows */
export function print(rows) {
  const header = ['action, both curves', 'ms', 'requests', 'bytes up', 'bytes down']
  const cells = rows.map(({ name, time, requests, up, down }) => [
    name,
    spread(time),
    String(requests),
    String(up),
    String(down),
  ])
  return table([header, ...cells])
}

/** @param {Awaited<ReturnType<typeof run>>} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, time: { median, low, high } }) => {
    return { label: name, value: median, low, high, text: `${digits(median)} ms`, ours: true }
  })
  return [{ title: 'actions', bars }]
}

/** @param {import('reshare/server').Database} database */
async function connect(database) {
  const custodian = createCustodian({
    database,
    masterKey: new Uint8Array(32).fill(1),
    webhookSecret: SECRET,
    authenticateUser: () => undefined,
  })
  const tokens = apiTokens(database)
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: tokens.authenticate,
    limits: { rates: null },
    custodian: webhookCustodian({
      url: 'http://localhost',
      secret: SECRET,
      fetch: (/** @type {string | URL | Request} */ url, /** @type {RequestInit | undefined} */ init) =>
        custodian.fetch(new globalThis.Request(url, init)),
    }),
  })
  // Creates the tables before the first token.
  await server.sweep()
  const authorization = `Bearer ${await tokens.create('bench')}`
  return inProcessTransport(server, { headers: () => ({ authorization }) })
}

/** @param {import('reshare').Transport} transport */
async function measure(transport) {
  const traffic = { requests: 0, up: 0, down: 0 }
  const counted = {
    /** @param {import('reshare').TransportRequest} request */
    async request(request) {
      const response = await transport.request(request)
      traffic.requests += 1
      traffic.up += request.body?.length ?? 0
      traffic.down += response.body.length
      return response
    },
  }
  const polling = createPolling()
  const device = () => createClient({ ...polling(counted), storage: memoryStore(), pool: { size: 0 } })
  const key = custom({ identities: [await generateX25519Identity()] })
  /** @type {Map<string, { times: number[], requests: number, up: number, down: number }>} */
  const rows = new Map()
  /** @type {<T>(name: string, work: () => Promise<T>) => Promise<T>} */
  const timed = async (name, work) => {
    Object.assign(traffic, { requests: 0, up: 0, down: 0 })
    const start = performance.now()
    const result = await work()
    const time = performance.now() - start
    const row = rows.get(name) ?? { times: [], ...traffic }
    row.times.push(time)
    rows.set(name, row)
    return result
  }
  for (let i = 0; i < WARM_UP; i++) await story(device, key, timed)
  rows.clear()
  for (let i = 0; i < RUNS; i++) await story(device, key, timed)
  for (let i = 0; i < PASSWORD_RUNS; i++) await passwordStory(device, timed)
  return [...rows].map(([name, { times, ...row }]) => ({ name, time: summary(times), ...row }))
}

/** A device that waits for another one asks again once that has sent something, not a second later. */
function createPolling() {
  let sent = 0
  /** @type {(() => void)[]} */
  const waiting = []
  return (/** @type {import('reshare').Transport} */ transport) => {
    let seen = 0
    return {
      transport: {
        /** @param {import('reshare').TransportRequest} request */
        async request(request) {
          if (request.method === 'GET') seen = sent
          const response = await transport.request(request)
          if (request.method !== 'POST') return response
          sent += 1
          for (const wake of waiting.splice(0)) wake()
          return response
        },
      },
      wait: async () => {
        if (seen === sent) await new Promise((resolve) => waiting.push(() => resolve(undefined)))
      },
    }
  }
}

/**
 * @param {() => import('reshare').Client} device
 * @param {<T>(name: string, work: () => Promise<T>) => Promise<T>} timed
 */
async function passwordStory(device, timed) {
  const phone = device()
  const secret = 'correct horse battery staple'
  const { id: walletId } = await generateWallet(phone)
  const backup = () => backupWallet(phone, { walletId, method: password(secret) })
  const { cipherText } = await timed('backup, password', backup)
  const options = { cipherText, method: password(secret), existingSets: /** @type {const} */ ('keep') }
  await timed('recover, password', () => recoverWallet(device(), options))
}

/**
 * @param {() => import('reshare').Client} device
 * @param {import('reshare').BackupMethod} method
 * @param {<T>(name: string, work: () => Promise<T>) => Promise<T>} timed
 */
async function story(device, method, timed) {
  const [phone, laptop, tablet, watch] = [device(), device(), device(), device()]
  const message = new Uint8Array(32)
  const { id: walletId } = await timed('generate', () => generateWallet(phone))
  const privateKey = new Uint8Array(32).fill(5)
  await timed('import', () => importWallet(device(), { secp256k1: { privateKey } }))
  const { cipherText, confirm } = await timed('backup', () => backupWallet(phone, { walletId, method }))
  await timed('confirm the backup', () => confirm())
  await timed('recover, keep', () => recoverWallet(laptop, { cipherText, method, existingSets: 'keep' }))
  await timed('sign ed25519', () => sign(laptop, { walletId, scheme: 'ed25519', message }))
  await timed('sign bip340', () => sign(laptop, { walletId, scheme: 'bip340', message }))
  await timed('refresh', () => refreshShares(laptop, { walletId }))
  await timed('join, both devices', async () => {
    const { code, done } = await joinWallet(watch)
    await Promise.all([inviteDevice(laptop, { walletId, code }), done])
  })
  await timed('recover, retire', () => recoverWallet(tablet, { cipherText, method, existingSets: 'retire' }))
}
