// @ts-check
// What a run with servers of two versions says, and whether it has failed.
import { table } from '../../bench/support/statistics.mjs'
import { judgeLedger } from '../ha/audit-ledger.mjs'
import { printLedger } from '../ha/report.mjs'
import { UNDOCUMENTED } from '../tally.mjs'

/** @typedef {import('./run.mjs').Result} Result */

/** Why a run has failed. @param {Result} result */
export function judgeUpgrade({ stages, losses, broken, internal, exits, ledger, auditBreaks }) {
  const failed = [...broken, ...judgeLedger(ledger)]
  if (auditBreaks > 0) failed.push(`breaks in the audit log: ${auditBreaks}`)
  if (losses.length > 0) failed.push(`wallets lost: ${losses.length}`)
  if (exits > 0) failed.push(`processes that ended by themselves: ${exits}`)
  for (const [text, count] of Object.entries(internal)) failed.push(`answers without a code: ${count} × ${text}`)
  for (const { stage, signatures, errors } of stages) {
    if (signatures === 0) failed.push(`${stage}: nothing was signed`)
    for (const [code, count] of Object.entries(errors)) {
      if (code.startsWith(UNDOCUMENTED)) failed.push(`${stage}: ${count} × ${code}`)
    }
  }
  return failed
}

/** @param {Result} result @param {readonly string[]} failed */
export function printUpgrade({ options, commit, stages, wallets, losses, ledger, auditBreaks }, failed) {
  const { seconds, servers, clients } = options
  const list = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name.slice(0, 100)}`)
      .join(', ')
  const header = ['servers', 'tables', 'signatures', 'other actions', 'p50 ms', 'p99', 'failed with']
  const rows = stages.map(({ stage, tables, signatures, other, p50, p99, errors }) => [
    ...[stage, tables, String(signatures), String(other), p50.toFixed(0), p99.toFixed(0), list(errors)],
  ])
  return [
    `${seconds} s, ${clients} clients, half of them of commit ${commit} and half of this one, from its servers on; ${servers} servers, each request to the next`,
    table([header, ...rows]),
    ...stages.flatMap(({ stage, reports }) =>
      list(reports) === '' ? [] : [`servers report (${stage}): ${list(reports)}`],
    ),
    printLedger(ledger, auditBreaks),
    `wallets: ${wallets}, lost: ${losses.length}`,
    ...losses.slice(0, 20),
    failed.length === 0 ? 'held' : `failed: ${failed.join('; ')}`,
  ].join('\n\n')
}
