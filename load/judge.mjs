// @ts-check
import { judgeLedger } from './ha/audit-ledger.mjs'
import { judgeLostCommits } from './ha/lost-commits.mjs'
import { UNDOCUMENTED } from './tally.mjs'

/** What memory may grow by from the second quarter of a run to the last: a fifth, and what a collector leaves lying. */
const GROWTH = { factor: 1.2, bytes: 16 * 2 ** 20 }

/**
 * The growth that the rule looks at: the most that was in use in the second quarter of the run, and in the last. Each has
 * a crash of PostgreSQL at its beginning, if there are any.
 *
 * @param {readonly number[]} values
 */
export function growth(values) {
  const quarter = (/** @type {number} */ n) => Math.floor((n * values.length) / 4)
  const most = (/** @type {number} */ n) => Math.max(0, ...values.slice(quarter(n), quarter(n + 1)))
  return { early: most(1), late: most(3) }
}

/** @param {readonly number[]} values */
const grows = (values) => {
  const { early, late } = growth(values)
  return late > GROWTH.factor * early + GROWTH.bytes
}

/**
 * Why a run has failed; nothing if it has not.
 *
 * @param {import('./run.mjs').Result} result
 * @returns {string[]}
 */
export function judge({ actions, losses, broken, exits, internal, memory, ha, lostCommits }) {
  if (lostCommits !== undefined) return judgeLostCommits(lostCommits)
  const failed = []
  if (losses.length > 0) failed.push(`wallets lost: ${losses.length}`)
  failed.push(...broken)
  if (exits > 0) failed.push(`processes that ended by themselves: ${exits}`)
  for (const [text, count] of Object.entries(internal)) failed.push(`answers without a code: ${count} × ${text}`)
  for (const { name, errors } of actions) {
    for (const [code, count] of Object.entries(errors)) {
      if (code.startsWith(UNDOCUMENTED)) failed.push(`${name}: ${count} × ${code}`)
    }
  }
  if (grows(memory.heaps)) failed.push("the first server's memory grows")
  // On a cluster it moves from node to node.
  if (ha === undefined && grows(memory.postgres)) failed.push("PostgreSQL's memory grows")
  if (ha !== undefined) failed.push(...judgeOutages(actions, ha))
  return failed
}

/**
 * On a cluster no client gives up: whatever was lost, it gets its action done within its deadline.
 *
 * @param {import('./run.mjs').Result['actions']} actions
 * @param {NonNullable<import('./run.mjs').Result['ha']>} ha
 */
function judgeOutages(actions, { ledger, auditBreaks, outages }) {
  const failed = judgeLedger(ledger)
  const failures = actions.flatMap(({ errors }) => Object.values(errors)).reduce((sum, count) => sum + count, 0)
  if (failures > 0) failed.push(`actions that were not done within their deadline: ${failures}`)
  if (auditBreaks > 0) failed.push(`breaks in the audit log: ${auditBreaks}`)
  if (outages.length === 0) failed.push('no outage has happened')
  return failed
}
