// @ts-check
import pg from 'pg'
import { createHistogram, add } from './histogram.mjs'

/** Conflicts of serializable transactions and deadlocks, which the server tries again. */
const CONFLICTS = new Set(['40001', '40P01'])

/** What this process asks of PostgreSQL, and how long it waits for a connection of its pool. */
export function watchPg() {
  const counts = () => ({
    statements: 0,
    transactions: 0,
    /** By statement. @type {Record<string, number>} */ conflicts: {},
    poolWait: createHistogram(),
  })
  let current = counts()
  watchStatements(() => current)
  watchPool((milliseconds) => add(current.poolWait, milliseconds))
  return {
    /** What has happened since the last call. */
    take() {
      const taken = current
      current = counts()
      return taken
    },
  }
}

/** @typedef {ReturnType<ReturnType<typeof watchPg>['take']>} PgCounts */

/** @param {() => { statements: number, transactions: number, conflicts: Record<string, number> }} current */
function watchStatements(current) {
  const query = pg.Client.prototype.query
  /** @this {import('pg').Client} @param {any[]} parameters */
  function counted(...parameters) {
    const [text] = parameters
    if (typeof text === 'string' && text.startsWith('begin')) current().transactions += 1
    else if (text !== 'commit' && text !== 'rollback') current().statements += 1
    const result = /** @type {any} */ (query).apply(this, parameters)
    result?.catch?.((/** @type {{ code?: string }} */ { code }) => {
      if (!CONFLICTS.has(code ?? '')) return
      const { conflicts } = current()
      const statement = String(text).trim().split(/\s+/).slice(0, 4).join(' ')
      conflicts[statement] = (conflicts[statement] ?? 0) + 1
    })
    return result
  }
  pg.Client.prototype.query = /** @type {any} */ (counted)
}

/** @param {(milliseconds: number) => void} waited */
function watchPool(waited) {
  const connect = pg.Pool.prototype.connect
  /** @this {import('pg').Pool} @param {((...result: any[]) => void) | undefined} callback */
  function timed(callback) {
    const start = performance.now()
    const note = () => waited(performance.now() - start)
    if (callback === undefined) return /** @type {any} */ (connect).call(this).finally(note)
    return /** @type {any} */ (connect).call(this, (/** @type {any[]} */ ...result) => {
      note()
      callback(...result)
    })
  }
  pg.Pool.prototype.connect = /** @type {any} */ (timed)
}
