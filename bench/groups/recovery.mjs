// @ts-check
// Recovering a wallet on another device: what the client and the servers compute, by stage. No network, no database, and
// the backup opens with an X25519 key, so that no password is stretched.
import { generateX25519Identity } from 'age-encryption'
import { custom, openBackup, sealBackup } from 'reshare/backup'
import { getGroup } from '../../dist/curve/index.js'
import { createOtSetup, getEcdsaBackend } from '../../dist/protocol/ecdsa/index.js'
import { combineShares, decodeWalletShares, encodeWalletShares, validateKeyShare } from '../../dist/key-share/index.js'
import { CURVES } from '../../dist/types.js'
import { toHex } from '../../dist/util/bytes.js'
import { systemRandom as random } from '../../dist/util/random.js'
import { duel } from '../support/duel.mjs'
import { computeOf, IDS, keygen, reshareSessions } from '../support/parties.mjs'
import { digits, spread, summary, table } from '../support/statistics.mjs'

export const title = 'Recovery'
export const caption = 'milliseconds of both parties, password stretching aside'

const WARM_UP = 30
const RUNS = 60
const TOTAL = 'all of it'

/** @typedef {{ name: string, time: import('../support/statistics.mjs').Summary }} Row in milliseconds */

/** @returns {Promise<Row[]>} */
export async function run() {
  const wallet = await sealedWallet()
  /** @type {Map<string, number[]>} */
  const samples = new Map()
  for (let i = 0; i < WARM_UP + RUNS; i++) {
    const stages = await recover(wallet)
    if (i < WARM_UP) continue
    const all = { ...stages, [TOTAL]: Object.values(stages).reduce((sum, time) => sum + time, 0) }
    for (const [name, time] of Object.entries(all)) samples.set(name, [...(samples.get(name) ?? []), time])
  }
  return [...samples].map(([name, times]) => ({ name, time: summary(times) }))
}

/** @param {readonly Row[]} rows */
export function print(rows) {
  return table([['recovery of both curves', 'ms'], ...rows.map(({ name, time }) => [name, spread(time)])])
}

/** @param {readonly Row[]} rows @returns {import('../support/chart.mjs').Panel[]} */
export function panels(rows) {
  const bars = rows.map(({ name, time: { median, low, high } }) => {
    return { label: name, value: median, low, high, text: `${digits(median)} ms`, ours: true }
  })
  return [{ title: 'both curves', bars }]
}

/** A backup with both parties' shares of it. */
async function sealedWallet() {
  const walletId = random(16)
  const sets = CURVES.map((curve) => keygen(curve, 'backup', walletId))
  const shares = combineShares(sets.map(([client]) => client))
  const method = custom({ identities: [await generateX25519Identity()] })
  const record = {
    walletId: toHex(walletId),
    setId: toHex(shares.setId),
    createdAt: Date.now(),
    payload: encodeWalletShares(getGroup, shares),
  }
  return { sets, method, cipherText: await sealBackup({ record, methods: [method] }) }
}

/** @param {Awaited<ReturnType<typeof sealedWallet>>} wallet @returns {Promise<Record<string, number>>} milliseconds a stage */
async function recover({ sets, method, cipherText }) {
  let start = performance.now()
  const { payload } = await openBackup({ cipherText, methods: [method] })
  const opening = performance.now() - start
  start = performance.now()
  const own = decodeWalletShares(getGroup, payload).shares
  const parsing = performance.now() - start
  const duels = sets.map(([, theirs], i) => {
    return duel(reshareSessions([/** @type {import('../support/parties.mjs').KeyShare} */ (own[i]), theirs]))
  })
  const setup = duel(setupSessions())
  start = performance.now()
  const made = duels.map(({ results }) => {
    const [{ share }] = /** @type {[{ share: import('../support/parties.mjs').KeyShare }]} */ (results)
    validateKeyShare(getGroup(share.record.curve), share)
    return share
  })
  encodeWalletShares(getGroup, combineShares(made))
  const storing = performance.now() - start
  const [secp256k1, ed25519] = duels.map(computeOf)
  return {
    'open the backup': opening,
    'parse its shares': parsing,
    'reshare, secp256k1': secp256k1 ?? NaN,
    'reshare, ed25519': ed25519 ?? NaN,
    'ECDSA setup': computeOf(setup),
    'validate and encode the new shares': storing,
  }
}

/** @returns {[() => any, () => any]} */
function setupSessions() {
  const [client, server] = IDS
  const binding = random(32)
  const create = (/** @type {any} */ self) => () =>
    createOtSetup({ backend: getEcdsaBackend(), parties: IDS, self, binding, random })
  return [create(client), create(server)]
}
