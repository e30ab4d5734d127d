import type { Queryable } from '../../service/database/types.ts'
import { assertObject } from '../../util/arguments.ts'
import { serverCodes } from '../../wire/error-body.ts'
import { WIRE_OPERATIONS } from '../../wire/operation-definitions.ts'
import { AUDIT_EVENTS } from '../audit/entry.ts'
import { REQUEST_NAMES, type MetricEvent } from '../observe.ts'
import { createDatabaseGauges } from './database-gauges.ts'
import { createCounter, createHistogram, gaugeLines } from './exposition.ts'

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** The server's database, for gauges of what it holds. Default: no such gauges. */
  readonly database?: Queryable
}

/** The metrics of one process. */
export interface Metrics {
  /** The option of `createServer`. */
  readonly onMetric: (event: MetricEvent) => void
  /** All metrics, in the text format of Prometheus (`text/plain; version=0.0.4`). Never rejects. */
  readonly expose: () => Promise<string>
}

// Every label has one of these values, or `other`: nothing that a client sends adds a time series.
const REQUESTS = [...Object.values(REQUEST_NAMES), 'unknown']
const KINDS = Object.keys(WIRE_OPERATIONS)
const ROUNDS = ['1', '2', '3', '4']
const OUTCOMES = ['OK', 'BAD_REQUEST', 'INTERNAL', ...serverCodes()]
const CALLS = ['statement', 'transaction']
const DATABASE_OUTCOMES = ['ok', 'unavailable', 'misconfigured', 'refused']
const OUTCOME = ['ok', 'failed']
const DELIVERY_OUTCOMES = ['delivered', 'failed', 'dead']
const ERRORS = ['Misconfigured', 'Unavailable', ...OUTCOMES.slice(1)]

type EventOf<Name> = MetricEvent extends infer Event
  ? Event extends { name: infer Names }
    ? Name extends Names
      ? Event
      : never
    : never
  : never

const oneOf = (known: readonly string[], value: unknown): string =>
  known.includes(value as string) ? (value as string) : 'other'

/**
 * Collects the metrics of a server in this process: pass `onMetric` to `createServer`, and respond with `expose()` to whoever may
 * read them. No label has an id or text of a client, and each has a fixed set of values. Counters start at 0 with the process;
 * gauges of the database are the same in every process.
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { database } = assertObject(options, 'createMetrics')
  if (database !== undefined && typeof database?.query !== 'function')
    throw new TypeError('database must be a database')
  const requests = createCounter({
    name: 'reshare_requests_total',
    help: 'Requests handled; a sealed one counts as sendSealed and as the one within',
    labels: ['request', 'code', 'channel'],
  })
  const requestSeconds = createHistogram({
    name: 'reshare_request_duration_seconds',
    help: 'How long requests took',
    labels: ['request'],
  })
  const rounds = createCounter({
    name: 'reshare_rounds_total',
    help: 'Rounds of operations handled; repeated ones are not among them',
    labels: ['kind', 'round', 'code'],
  })
  const roundSeconds = createHistogram({
    name: 'reshare_round_duration_seconds',
    help: 'How long rounds took, with what they waited for',
    labels: ['kind'],
  })
  const setEvents = createCounter(
    {
      name: 'reshare_set_events_total',
      help: 'Events that this process wrote to the audit log; poisoned is a ban, lockedOut a lock-out',
      labels: ['event'],
    },
    AUDIT_EVENTS.map((event) => [event]),
  )
  const databaseCalls = createCounter(
    {
      name: 'reshare_database_calls_total',
      help: 'Transactions, and statements outside of them',
      labels: ['call', 'outcome'],
    },
    CALLS.flatMap((call) => DATABASE_OUTCOMES.map((outcome) => [call, outcome])),
  )
  const databaseSeconds = createHistogram({
    name: 'reshare_database_duration_seconds',
    help: 'How long they took, with retries',
    labels: ['call'],
  })
  const retries = createCounter(
    { name: 'reshare_database_retries_total', help: 'Transactions run again, because they conflicted with others' },
    [[]],
  )
  const custodianCalls = createCounter(
    { name: 'reshare_custodian_calls_total', help: 'Calls of the custodian', labels: ['outcome'] },
    OUTCOME.map((outcome) => [outcome]),
  )
  const custodianSeconds = createHistogram({
    name: 'reshare_custodian_duration_seconds',
    help: 'How long calls of the custodian took',
  })
  const eventDeliveries = createCounter(
    {
      name: 'reshare_event_deliveries_total',
      help: 'Attempts to deliver events; failed ones are repeated, dead ones are not',
      labels: ['outcome'],
    },
    DELIVERY_OUTCOMES.map((outcome) => [outcome]),
  )
  const eventDeliverySeconds = createHistogram({
    name: 'reshare_event_delivery_duration_seconds',
    help: 'How long attempts to deliver events took',
  })
  const errors = createCounter(
    { name: 'reshare_errors_total', help: 'Errors that onError received', labels: ['kind'] },
    ERRORS.map((kind) => [kind]),
  )
  const sweeps = createCounter(
    { name: 'reshare_sweeps_total', help: 'Sweeps that ended', labels: ['outcome'] },
    OUTCOME.map((outcome) => [outcome]),
  )
  let sweptAt = 0

  const take: { readonly [Name in MetricEvent['name']]: (event: EventOf<Name>) => void } = {
    request({ request, outcome, sealed, ms, kind, round }) {
      const name = oneOf(REQUESTS, request)
      const code = oneOf(OUTCOMES, outcome)
      requests.add([name, code, sealed ? 'sealed' : 'open'])
      requestSeconds.observe([name], ms / 1000)
      if (kind === undefined) return
      rounds.add([oneOf(KINDS, kind), oneOf(ROUNDS, String(round)), code])
      roundSeconds.observe([oneOf(KINDS, kind)], ms / 1000)
    },
    setEvent: ({ event }) => setEvents.add([oneOf(AUDIT_EVENTS, event)]),
    database(event) {
      const call = oneOf(CALLS, event.call)
      databaseCalls.add([call, oneOf(DATABASE_OUTCOMES, event.outcome)])
      databaseSeconds.observe([call], event.ms / 1000)
      retries.add([], event.retries)
    },
    custodian({ outcome, ms }) {
      custodianCalls.add([oneOf(OUTCOME, outcome)])
      custodianSeconds.observe([], ms / 1000)
    },
    eventDelivery({ outcome, ms }) {
      eventDeliveries.add([oneOf(DELIVERY_OUTCOMES, outcome)])
      eventDeliverySeconds.observe([], ms / 1000)
    },
    error: ({ kind }) => errors.add([oneOf(ERRORS, kind)]),
    sweep({ outcome }) {
      sweeps.add([oneOf(OUTCOME, outcome)])
      if (outcome === 'ok') sweptAt = Date.now() / 1000
    },
  }
  const families = [
    ...[requests, requestSeconds, rounds, roundSeconds, setEvents, databaseCalls, databaseSeconds, retries],
    ...[custodianCalls, custodianSeconds, eventDeliveries, eventDeliverySeconds, errors, sweeps],
  ]
  const databaseGauges = database === undefined ? async () => '' : createDatabaseGauges(database)
  const lastSweep = {
    name: 'reshare_sweep_last_success_timestamp_seconds',
    help: 'When a sweep of this process last ended well; 0 before the first',
  }
  return {
    onMetric(event) {
      if (Object.hasOwn(take, event.name)) take[event.name](event as never)
    },
    expose: async () =>
      [...families.map(({ lines }) => lines()), gaugeLines(lastSweep, sweptAt), await databaseGauges()].join(''),
  }
}
