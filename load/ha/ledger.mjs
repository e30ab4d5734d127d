// @ts-check
// What a server process has committed, told from what PostgreSQL has acknowledged: nothing of it may ever be missing, and
// nothing may be acknowledged twice.
import pg from 'pg'

/**
 * Something that a database does once.
 *
 * @typedef {object} Entry
 * @property {'decision' | 'preprocessing'} kind a decision of an operation, or the use of a preprocessing
 * @property {string} key client and operation, or set and preprocessing
 * @property {string} [decision] `COMMIT` or `ABORT`
 * @property {number} at when it was acknowledged, by `Date.now()`
 */

/** @typedef {{ acknowledged: Entry[], unsure: Entry[] }} Ledger */

/** Keeps a ledger of this process from now on. */
export function keepLedger() {
  /** @type {Ledger} unsure: of a commit that failed, which may have had its effect */
  const ledger = { acknowledged: [], unsure: [] }
  /** Of transactions that are open. @type {WeakMap<object, Entry[]>} */
  const open = new WeakMap()
  const query = pg.Client.prototype.query

  /** @param {object} client @param {string} text @param {unknown} values @param {import('pg').QueryResult} result */
  function succeeded(client, text, values, result) {
    const pending = open.get(client)
    if (text.startsWith('begin')) open.set(client, [])
    else if (text === 'commit' || text === 'rollback') {
      open.delete(client)
      // The commit of a transaction that has failed is answered by ROLLBACK.
      if (result.command === 'COMMIT') note(pending ?? [])
    } else {
      const entries = entriesOf(text, Array.isArray(values) ? values : [], result)
      if (pending === undefined) note(entries)
      else pending.push(...entries)
    }
  }

  /** @param {object} client @param {string} text */
  function failed(client, text) {
    if (text === 'commit') ledger.unsure.push(...(open.get(client) ?? []))
    if (text === 'commit' || text === 'rollback') open.delete(client)
  }

  /** @param {Entry[]} entries */
  function note(entries) {
    for (const entry of entries) ledger.acknowledged.push({ ...entry, at: Date.now() })
  }

  /** @this {import('pg').Client} @param {any[]} parameters */
  function recorded(...parameters) {
    const [text, values] = parameters
    const run = /** @type {any} */ (query)
    if (typeof text !== 'string') return run.apply(this, parameters)
    const callback = parameters.at(-1)
    if (typeof callback === 'function') {
      // The pool's own `query` asks so.
      const noted = (/** @type {Error | null} */ error, /** @type {any} */ result) => {
        if (error) failed(this, text)
        else succeeded(this, text, values, result)
        callback(error, result)
      }
      return run.apply(this, [...parameters.slice(0, -1), noted])
    }
    return run.apply(this, parameters).then(
      (/** @type {any} */ result) => {
        succeeded(this, text, values, result)
        return result
      },
      (/** @type {unknown} */ error) => {
        failed(this, text)
        throw error
      },
    )
  }
  pg.Client.prototype.query = /** @type {any} */ (recorded)
  return ledger
}

/**
 * What a statement that has succeeded does once. Whether it sees all of them is judged in the end by what is in the tables.
 *
 * @param {string} text
 * @param {readonly unknown[]} values
 * @param {{ rowCount: number | null, rows: Record<string, unknown>[] }} result
 * @returns {Entry[]}
 */
export function entriesOf(text, values, { rowCount, rows }) {
  if (text.includes('insert into reshare_decisions') && rowCount === 1) {
    const decision = values.find((value) => value === 'COMMIT' || value === 'ABORT') ?? 'COMMIT'
    return [{ kind: 'decision', key: `${values[0]}/${values[1]}`, decision: String(decision), at: 0 }]
  }
  if (!text.includes('delete from reshare_preprocessings') || !text.includes('string_to_array($2')) return []
  return rows
    .filter((row) => row['preprocessing_id'] !== undefined)
    .map((row) => ({ kind: 'preprocessing', key: `${values[0]}/${row['preprocessing_id']}`, at: 0 }))
}

/** The ledgers of several processes as one. @param {readonly Ledger[]} ledgers @returns {Ledger} */
export const sumLedgers = (ledgers) => ({
  acknowledged: ledgers.flatMap(({ acknowledged }) => acknowledged).sort((a, b) => a.at - b.at),
  unsure: ledgers.flatMap(({ unsure }) => unsure),
})

/**
 * The longest time without anything acknowledged that ends between two times.
 *
 * @param {Ledger} ledger sorted
 * @param {number} from
 * @param {number} to
 */
export function longestGap({ acknowledged }, from, to) {
  let longest = 0
  let last = from
  for (const { at } of acknowledged) {
    if (at < from || at > to) continue
    longest = Math.max(longest, at - last)
    last = at
  }
  return Math.max(longest, to - last)
}
