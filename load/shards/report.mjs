// @ts-check
// What a run with two shards says, and whether it has failed.
import { UNDOCUMENTED } from '../tally.mjs'

/** @typedef {import('./run.mjs').Result} Result */

/** Why a run has failed. @param {Result} result */
export function judgeShards(result) {
  const { broken, auditBreaks, losses, exits, internal, errors, moves, moveFailures, inBoth, signatures } = result
  const failed = [...broken]
  if (auditBreaks > 0) failed.push(`breaks in the audit logs: ${auditBreaks}`)
  if (losses.length > 0) failed.push(`wallets lost: ${losses.length}`)
  if (inBoth > 0) failed.push(`clients in both shards: ${inBoth}`)
  if (exits > 0) failed.push(`processes that ended by themselves: ${exits}`)
  if (signatures === 0 || moves.moved === 0) failed.push('nothing was signed, or nobody was moved')
  if (moves.moved !== moves.arrived) failed.push(`moves that are not finished: ${moves.arrived - moves.moved}`)
  for (const [text, count] of Object.entries(moveFailures)) failed.push(`move-client: ${count} × ${text}`)
  for (const [text, count] of Object.entries(internal)) failed.push(`answers without a code: ${count} × ${text}`)
  for (const [code, count] of Object.entries(errors)) {
    if (code.startsWith(UNDOCUMENTED)) failed.push(`${count} × ${code}`)
  }
  return failed
}

/** @param {Result} result @param {readonly string[]} failed */
export function printShards(result, failed) {
  const { options, signatures, other, p50, p99, most, errors, moves, wallets, losses, inBoth, auditBreaks, reports } =
    result
  const list = (/** @type {Record<string, number>} */ counts) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name.slice(0, 100)}`)
      .join(', ')
  return [
    `${options.seconds} s, ${options.clients} clients, ${options.servers} servers on two databases of one PostgreSQL, seed ${options.seed}`,
    `clients moved: ${moves.moved}, processes of move-client that were killed: ${moves.killed}`,
    `signatures: ${signatures}, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)}, most ${most.toFixed(0)}; other actions: ${other}`,
    `failed with: ${list(errors) || 'nothing'}`,
    ...(list(reports) === '' ? [] : [`servers report: ${list(reports)}`]),
    `wallets: ${wallets}, lost: ${losses.length}; clients in both shards: ${inBoth}; breaks in the audit logs: ${auditBreaks}`,
    ...losses.slice(0, 20),
    failed.length === 0 ? 'held' : `failed: ${failed.join('; ')}`,
  ].join('\n')
}
