// @ts-check
// Compares what was acknowledged with what the database has in the end.
import { verifyAuditLog } from 'reshare/server'
import { postgresDatabase } from 'reshare/server/postgres'

/** @typedef {{ decisions: Map<string, string>, preprocessings: Set<string> }} Found */

/**
 * @typedef {object} LedgerReport
 * @property {number} decisions that were acknowledged
 * @property {number} preprocessings whose use was
 * @property {number} unsure decisions whose commit failed, which may have had its effect
 * @property {string[]} lost acknowledged and not there
 * @property {string[]} changed acknowledged and something else there
 * @property {string[]} twice acknowledged twice
 * @property {string[]} returned preprocessings that were used and are there again
 * @property {string[]} unseen decisions that are there and that no server has seen acknowledged or fail
 */

/** What the tables have of the clients of this run, which are named by UUIDs. @param {string} databaseUrl @returns {Promise<Found>} */
export async function readOnce(databaseUrl) {
  const database = postgresDatabase(databaseUrl)
  try {
    const decisions = await database.query(
      `select client_id || '/' || operation_id as key, decision from reshare_decisions where client_id like '%-%'`,
    )
    const preprocessings = await database.query(
      `select set_id || '/' || preprocessing_id as key from reshare_preprocessings`,
    )
    return {
      decisions: new Map(decisions.map((row) => [String(row['key']), String(row['decision'])])),
      preprocessings: new Set(preprocessings.map((row) => String(row['key']))),
    }
  } finally {
    await database.close()
  }
}

/** @param {import('./ledger.mjs').Ledger} ledger @param {Found} found @returns {LedgerReport} */
export function compareLedger({ acknowledged, unsure }, found) {
  /** @type {Map<string, import('./ledger.mjs').Entry>} */
  const seen = new Map()
  const twice = []
  for (const entry of acknowledged) {
    const name = `${entry.kind} ${entry.key}`
    if (seen.has(name)) twice.push(name)
    seen.set(name, entry)
  }
  const all = [...seen.values()]
  const decisions = all.filter(({ kind }) => kind === 'decision')
  const uses = all.filter(({ kind }) => kind === 'preprocessing')
  const known = new Set([...decisions, ...unsure].map(({ key }) => key))
  const keys = (/** @type {readonly import('./ledger.mjs').Entry[]} */ entries) => entries.map(({ key }) => key)
  return {
    decisions: decisions.length,
    preprocessings: uses.length,
    unsure: unsure.filter(({ kind }) => kind === 'decision').length,
    lost: keys(decisions.filter(({ key }) => !found.decisions.has(key))),
    changed: keys(
      decisions.filter(({ key, decision }) => found.decisions.has(key) && found.decisions.get(key) !== decision),
    ),
    twice,
    returned: keys(uses.filter(({ key }) => found.preprocessings.has(key))),
    unseen: [...found.decisions.keys()].filter((key) => !known.has(key)),
  }
}

/** Why a run has failed by its ledger. @param {LedgerReport} report @returns {string[]} */
export function judgeLedger({ decisions, lost, changed, twice, returned, unseen }) {
  const reasons = {
    'decisions acknowledged and lost': lost,
    'decisions acknowledged and changed': changed,
    'acknowledged twice': twice,
    'preprocessings used and there again': returned,
    'decisions that the ledger has not seen': unseen,
  }
  const failed = Object.entries(reasons)
    .filter(([, { length }]) => length > 0)
    .map(([name, list]) => `${name}: ${list.length}`)
  return decisions === 0 ? [...failed, 'the ledger is empty'] : failed
}

/** How many breaks the audit log of this run's clients has: what was there before them has no log. @param {string} databaseUrl @param {number} [key] each byte of the master key */
export async function countAuditBreaks(databaseUrl, key = 2) {
  const database = postgresDatabase(databaseUrl)
  try {
    const { breaks } = await verifyAuditLog({ database, masterKey: new Uint8Array(32).fill(key) })
    return breaks.filter(({ clientId }) => clientId.includes('-')).length
  } finally {
    await database.close()
  }
}
