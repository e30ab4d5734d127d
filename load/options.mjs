// @ts-check
import { parseArgs } from 'node:util'

const USAGE = `npm run load -- [options]

--minutes N, --seconds N   how long the load lasts (1 minute)
--servers N                server processes on one PostgreSQL (8)
--clients N                clients at work at once, in two processes (64)
--pool N                   PostgreSQL connections of a server process at most (6)
--rate N                   begin so many turns a second, whether or not others have ended; else each client begins its
                           next when one has ended
--wallets N                wallets of others that are in the database at first (20000)
--ha                       on three PostgreSQL nodes under Patroni, behind HAProxy and PgBouncer, which are lost one after
                           the other: killed, frozen, cut off; on Linux, with what .ci/load installs
--asynchronous             with --ha: asynchronous standbys, which lose commits with the primary; the epoch is raised then
--faults                   kill servers, crash PostgreSQL, lose and repeat requests, fail webhooks, end devices
--seed N                   of what the clients and the faults do (new each time)
--upgrade                  servers of an earlier commit are replaced one after the other by those of this one, and back, on
                           one database, while clients of both go on
--from COMMIT              the earlier one, which is built in a temporary folder (HEAD^)
--shards                   two databases with half of the servers each; clients are moved between them while they sign, by
                           movers of which some are killed
--size N,N,…               fill in so many wallets by SQL, one size after the other, and measure what one action takes at each,
                           what grows, and two hours of use
--partitions N             with --size: what allows it is partitioned by hash of the client
--no-costs                 leave out what an action costs by itself
--plant server|client      a bug that the run must find
--json                     print the figures as JSON alone
--docs                     put the figures into docs/internals/bench.md`

/** @typedef {ReturnType<typeof readOptions>} Options */

/** @param {string[]} [args] */
export function readOptions(args) {
  const { values } = parseArgs({
    ...(args && { args }),
    options: {
      minutes: { type: 'string' },
      seconds: { type: 'string' },
      servers: { type: 'string', default: '8' },
      clients: { type: 'string', default: '64' },
      pool: { type: 'string', default: '6' },
      wallets: { type: 'string', default: '20000' },
      rate: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
      faults: { type: 'boolean', default: false },
      ha: { type: 'boolean', default: false },
      asynchronous: { type: 'boolean', default: false },
      upgrade: { type: 'boolean', default: false },
      shards: { type: 'boolean', default: false },
      size: { type: 'string' },
      partitions: { type: 'string' },
      from: { type: 'string', default: 'HEAD^' },
      'no-costs': { type: 'boolean', default: false },
      plant: { type: 'string' },
      json: { type: 'boolean', default: false },
      docs: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    process.exit(0)
  }
  const { minutes, seconds, servers, clients, pool, wallets, rate, seed, plant } = values
  if (minutes !== undefined && seconds !== undefined) throw new RangeError('--minutes or --seconds, not both')
  if (plant !== undefined && plant !== 'server' && plant !== 'client') throw new RangeError('--plant server or client')
  if (values.asynchronous && !values.ha) throw new RangeError('--asynchronous needs --ha')
  if (values.asynchronous && values.docs) throw new RangeError('--asynchronous or --docs, not both')
  const kinds = [values.ha, values.faults, values.upgrade, values.shards, values.size].filter(Boolean)
  if (kinds.length > 1) throw new RangeError('--ha, --faults, --upgrade, --shards or --size: one of them')
  if (values.partitions !== undefined && values.size === undefined) throw new RangeError('--partitions needs --size')
  if (values.partitions !== undefined && values.docs) throw new RangeError('--partitions or --docs, not both')
  return {
    seconds: seconds === undefined ? 60 * positive('minutes', minutes ?? '1') : positive('seconds', seconds),
    servers: whole('servers', servers),
    clients: whole('clients', clients),
    pool: whole('pool', pool),
    wallets: whole('wallets', wallets, 0),
    rate: rate === undefined ? undefined : positive('rate', rate),
    seed: whole('seed', seed, 0),
    faults: values.faults,
    ha: values.ha,
    asynchronous: values.asynchronous,
    upgrade: values.upgrade,
    shards: values.shards,
    from: values.from,
    sizes: sizesOf(values.size),
    partitions: values.partitions === undefined ? undefined : whole('partitions', values.partitions),
    costs: !values['no-costs'],
    plant,
    json: values.json,
    docs: values.docs,
  }
}

/** Each more than the one before. @param {string | undefined} text */
function sizesOf(text) {
  if (text === undefined) return []
  const sizes = text.split(',').map((one) => whole('size', one))
  if (sizes.some((size, i) => i > 0 && size <= (sizes[i - 1] ?? 0)))
    throw new RangeError('--size: each more than the one before')
  return sizes
}

/** @param {string} name @param {string} text */
function positive(name, text) {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new RangeError(`--${name} must be a positive number`)
}

/** @param {string} name @param {string} text @param {number} [minimum] */
function whole(name, text, minimum = 1) {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= minimum) return value
  throw new RangeError(`--${name} must be a whole number from ${minimum}`)
}
