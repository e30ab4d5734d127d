// @ts-check
import { digits, table } from '../bench/support/statistics.mjs'
import { printLostCommits } from './ha/lost-commits.mjs'
import { printLedger, printOutages } from './ha/report.mjs'
import { growth } from './judge.mjs'

const MB = 2 ** 20
const mb = (/** @type {number} */ bytes) => `${(bytes / MB).toFixed(0)} MB`

/** @param {import('./run.mjs').Result} result @param {readonly string[]} failed why the run has failed */
export function print(result, failed) {
  const parts = [setting(result), actions(result), `${lines(totals(result))}`]
  if (result.ha !== undefined) parts.push(printOutages(result.ha.outages))
  if (result.costs.length > 0) parts.push(costs(result))
  if (result.lostCommits !== undefined) parts.push(printLostCommits(result.lostCommits))
  if (!result.options.ha) parts.push(tables(result))
  parts.push(verdict(result, failed))
  return parts.join('\n\n')
}

/** @param {import('./run.mjs').Result} result */
function setting({ options, seconds }) {
  const { servers, clients, pool, rate, seed, faults, ha, asynchronous } = options
  const database = ha
    ? `PgBouncer, HAProxy, three PostgreSQL nodes under Patroni with three etcd, ${asynchronous ? 'two asynchronous standbys' : 'one synchronous standby'}`
    : 'one PostgreSQL'
  const loop = rate === undefined ? 'each begins its next turn when one has ended' : `${rate} turns begin a second`
  return lines([
    ['load', `${seconds.toFixed(0)} s, ${clients} clients in 2 processes, ${loop}`],
    ['servers', `${servers} processes of at most ${pool} connections each, ${database}, one custodian, one machine`],
    ['left out', 'passwords (the backup key is an X25519 identity), TLS, rates and lock-out'],
    ['faults', faults ? `yes, seed ${seed}` : `none, seed ${seed}`],
  ])
}

/** @param {import('./run.mjs').Result} result */
function actions({ actions: rows }) {
  const header = ['action', 'done', 'a second', 'p50 ms', 'p90', 'p99', 'most', 'failed with']
  const cells = rows.map(({ name, count, perSecond, p50, p90, p99, max, errors }) => [
    name,
    String(count),
    digits(perSecond),
    ...[p50, p90, p99, max].map((time) => time.toFixed(0)),
    Object.entries(errors)
      .map(([code, times]) => `${times} ${code}`)
      .join(', '),
  ])
  return table([header, ...cells])
}

/** @param {import('./run.mjs').Result} result @returns {[string, string][]} */
function totals(result) {
  const { actions: rows, seconds, memory, cpu, poolWait, faults } = result
  const signatures = rows.filter(({ name }) => name.startsWith('sign')).reduce((sum, { count }) => sum + count, 0)
  const perSecond = (/** @type {number} */ count) => `${digits(count / seconds)} a second`
  const trend = (/** @type {readonly number[]} */ values) => {
    const middle = values[Math.floor(values.length / 2)] ?? 0
    const { early, late } = growth(values)
    const slope = (60 * (late - early)) / (0.5 * seconds)
    const sign = slope < 0 ? '−' : '+'
    return `${mb(values[0] ?? 0)}, ${mb(middle)}, ${mb(values.at(-1) ?? 0)} (${sign}${(Math.abs(slope) / MB).toFixed(1)} MB a minute from the second quarter to the last)`
  }
  return [
    ['signatures', perSecond(signatures)],
    ['requests', perSecond(result.requestsPerSecond * seconds)],
    ['statements', `${perSecond(result.statements)}, in ${perSecond(result.transactions)} transactions and singly`],
    ['conflicts tried again', describeConflicts(result.conflicts)],
    [
      'wait for a connection',
      `p50 ${digits(poolWait.p50)} ms, p99 ${digits(poolWait.p99)}, most ${digits(poolWait.max)}`,
    ],
    ['connections', `${result.connections} at most, ${result.waiting} at most waiting for a lock`],
    [
      'processors in use',
      `servers ${cpu.servers.toFixed(2)}, PostgreSQL ${cpu.postgres.toFixed(2)}, clients ${cpu.clients.toFixed(2)}, custodian ${cpu.custodian.toFixed(2)}`,
    ],
    ['memory, first server', `resident at first, in the middle, last: ${trend(memory.servers)}`],
    ['  in use after collection', trend(memory.heaps)],
    ['memory, all servers', `resident: ${trend(memory.all)}`],
    ['memory, PostgreSQL', `not shared: ${trend(memory.postgres)}`],
    ...(faults === undefined ? [] : [/** @type {[string, string]} */ (['faults', describeFaults(faults)])]),
    ...Object.entries(result.serverErrors)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(
        ([text, count]) => /** @type {[string, string]} */ (['  servers report', `${count} × ${text.slice(0, 160)}`]),
      ),
  ]
}

/** @param {Record<string, number>} conflicts */
function describeConflicts(conflicts) {
  const entries = Object.entries(conflicts).sort(([, a], [, b]) => b - a)
  const total = entries.reduce((sum, [, count]) => sum + count, 0)
  const most = entries.slice(0, 4).map(([statement, count]) => `${count} at "${statement}"`)
  return most.length === 0 ? '0' : `${total}, ${most.join(', ')}`
}

/** @param {NonNullable<import('./run.mjs').Result['faults']>} faults */
function describeFaults({ serversKilled, postgresCrashes, postgresSecondsDown, webhooks, ...network }) {
  const {
    requestLost = 0,
    answerLost = 0,
    sentTwice = 0,
    repeatedLater = 0,
    late = 0,
  } = /** @type {Record<string, number>} */ (network)
  return [
    `${serversKilled} servers killed`,
    `${postgresCrashes} crashes of PostgreSQL (${digits(postgresSecondsDown)} s down)`,
    `${requestLost} requests lost, ${answerLost} answers lost, ${sentTwice} requests sent twice at once, ${repeatedLater} repeated later, ${late} late`,
    `${webhooks} webhooks failed or slow`,
  ].join('; ')
}

/** @param {import('./run.mjs').Result} result */
function costs({ costs: rows }) {
  const header = [
    'one action by itself',
    'ms',
    'requests',
    'statements',
    'transactions',
    'server ms',
    'PostgreSQL ms',
    'a second and core',
  ]
  const cells = rows.map(({ action, milliseconds, requests, statements, transactions, server, postgres }) => [
    action,
    digits(milliseconds),
    requests.toFixed(1),
    statements.toFixed(1),
    transactions.toFixed(1),
    digits(server),
    digits(postgres),
    server + postgres > 0 ? digits(1000 / (server + postgres)) : '',
  ])
  return table([header, ...cells])
}

/** @param {import('./run.mjs').Result} result */
function tables({ tables: rows, tablesBefore }) {
  const header = ['table', 'rows', 'MB', 'rows of this run', 'bytes a row of them, with indexes', 'read whole']
  const cells = rows.map(({ table: name, rows: count, bytes, scans }) => {
    const before = tablesBefore.find(({ table: other }) => other === name)
    const added = count - (before?.rows ?? 0)
    const perRow = added > 0 ? ((bytes - (before?.bytes ?? 0)) / added).toFixed(0) : ''
    return [
      name,
      String(count),
      (bytes / MB).toFixed(1),
      String(added),
      perRow,
      String(Math.max(0, scans - (before?.scans ?? 0))),
    ]
  })
  return table([header, ...cells])
}

/** @param {import('./run.mjs').Result} result @param {readonly string[]} failed */
function verdict({ wallets, losses, exits, ha, lostCommits }, failed) {
  return [
    ...(ha === undefined ? [] : [printLedger(ha.ledger, ha.auditBreaks)]),
    ...(lostCommits === undefined ? [`wallets: ${wallets}, lost: ${losses.length}`] : []),
    `processes that ended by themselves: ${exits}`,
    ...losses.slice(0, 20),
    failed.length === 0 ? 'held' : `failed: ${failed.join('; ')}`,
  ].join('\n')
}

/** @param {readonly (readonly [string, string])[]} rows */
function lines(rows) {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n')
}
