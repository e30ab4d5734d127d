// @ts-check
// A transaction of Bitcoin with many inputs, signed input by input and all at once: requests, bytes and time of both sides.
import { createClient, generateWallet, preprocessSignatures, sign, signAll } from 'reshare'
import { createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { digits, table } from '../support/statistics.mjs'

export const title = 'A transaction of 20 inputs'
export const caption = 'ms of both sides, until all inputs are signed'

const INPUTS = 20
const RUNS = 5

/** @typedef {{ name: string, requests: number, up: number, down: number, milliseconds: number }} Row */

export async function run() {
  const database = pgliteDatabase()
  try {
    return await measure(database)
  } finally {
    await database.close()
  }
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  const header = ['20 inputs', 'requests', 'bytes up', 'bytes down', 'ms']
  const cells = rows.map(({ name, requests, up, down, milliseconds }) => [
    name,
    ...[requests, Math.round(up), Math.round(down)].map(String),
    digits(milliseconds),
  ])
  return table([header, ...cells])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, milliseconds }) => {
    return {
      label: name,
      value: milliseconds,
      low: milliseconds,
      high: milliseconds,
      text: digits(milliseconds),
      ours: true,
    }
  })
  return [{ title: 'signatures', bars }]
}

/** @param {import('reshare/server').Database} database @returns {Promise<Row[]>} */
async function measure(database) {
  const server = createServer({
    database,
    masterKey: new Uint8Array(32).fill(2),
    authenticate: () => ({ clientId: 'bench' }),
    limits: { rates: null },
  })
  await server.sweep()
  const inner = inProcessTransport(server)
  const sent = { requests: 0, up: 0, down: 0 }
  const transport = {
    /** @param {import('reshare').TransportRequest} request */
    async request(request) {
      const response = await inner.request(request)
      sent.requests += 1
      sent.up += request.body?.length ?? 0
      sent.down += response.body.length
      return response
    },
  }
  const client = createClient({
    transport,
    storage: memoryStore(),
    repeats: false,
    pool: { size: 32, mayFill: () => false },
  })
  const { id: walletId } = await generateWallet(client)
  const digest = new Uint8Array(32).fill(1)
  const path = 'm/0/5'
  const segwit = /** @type {const} */ ({ scheme: 'ecdsa', digest, path })
  const taproot = /** @type {const} */ ({ scheme: 'bip340', message: digest, path, tapTweak: new Uint8Array(0) })
  await sign(client, { walletId, ...taproot })
  /** @type {Row[]} */
  const rows = []
  /** @param {string} name @param {boolean} isPreprocessed @param {() => Promise<unknown>} work */
  const timed = async (name, isPreprocessed, work) => {
    const times = []
    for (let i = 0; i < RUNS; i++) {
      if (isPreprocessed) await preprocessSignatures(client, { walletId, count: INPUTS })
      Object.assign(sent, { requests: 0, up: 0, down: 0 })
      const start = performance.now()
      await work()
      times.push(performance.now() - start)
    }
    const milliseconds = /** @type {number} */ (times.sort((a, b) => a - b)[Math.floor(RUNS / 2)])
    rows.push({ name, ...sent, milliseconds })
  }
  /** @param {typeof segwit | typeof taproot} item */
  const oneByOne = (item) => async () => {
    for (let i = 0; i < INPUTS; i++) await sign(client, { walletId, ...item })
  }
  /** @param {typeof segwit | typeof taproot} item */
  const atOnce = (item) => () => signAll(client, { walletId, items: new Array(INPUTS).fill(item) })
  await timed('P2WPKH, sign', false, oneByOne(segwit))
  await timed('P2WPKH, signAll', false, atOnce(segwit))
  await timed('P2WPKH preprocessed, sign', true, oneByOne(segwit))
  await timed('P2WPKH preprocessed, signAll', true, atOnce(segwit))
  await timed('P2TR, sign', false, oneByOne(taproot))
  await timed('P2TR, signAll', false, atOnce(taproot))
  return rows
}
