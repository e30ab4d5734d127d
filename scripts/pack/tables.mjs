// @ts-check
// Which contexts share a table of codes: a table of its own costs bits too.

/** About how many bits a table costs for each symbol that it has, and besides. */
const SYMBOL_BITS = 4.2
const TABLE_BITS = 20

/** Contexts that come less often than this have no table of their own to begin with. */
const RARE = 32

/**
 * @typedef {object} Table
 * @property {number[]} contexts
 * @property {Float64Array} counts of its symbols
 */

/**
 * Merges the two contexts whose merging costs least, again and again.
 *
 * @param {readonly ArrayLike<number>[]} counts of symbols, by context
 * @param {number} most tables
 * @returns {Table[]} the one with most symbols first
 */
export function tablesFor(counts, most) {
  let groups = initialGroups(counts)
  let nextId = groups.length
  /** What merging saves, by the ids of both. */
  const savings = /** @type {Map<number, number>} */ (new Map())
  for (;;) {
    const [saving, a, b] = bestPair()
    if (a === undefined || b === undefined || (saving <= 0 && groups.length <= most)) break
    const merged = sum(a.counts, b.counts)
    groups = groups.filter((group) => group !== a && group !== b)
    groups.push({ id: nextId++, contexts: [...a.contexts, ...b.contexts], counts: merged, cost: costOf(merged) })
  }
  const total = (/** @type {Table} */ { counts }) => counts.reduce((a, b) => a + b, 0)
  return groups.sort((a, b) => total(b) - total(a))

  /** @returns {[number, Group?, Group?]} */
  function bestPair() {
    /** @type {[number, Group?, Group?]} */
    let best = [-Infinity]
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1)) {
        const key = a.id * 4096 + b.id
        let saving = savings.get(key)
        if (saving === undefined) savings.set(key, (saving = a.cost + b.cost - costOf(sum(a.counts, b.counts))))
        if (saving > best[0]) best = [saving, a, b]
      }
    }
    return best
  }
}

/** @typedef {Table & { readonly id: number, readonly cost: number }} Group */

/** @param {readonly ArrayLike<number>[]} counts @returns {Group[]} */
function initialGroups(counts) {
  const tables = /** @type {Table[]} */ ([])
  const rare = /** @type {Table} */ ({ contexts: [], counts: new Float64Array(counts[0]?.length ?? 0) })
  for (const [context, own] of counts.entries()) {
    const total = Array.from(own).reduce((a, b) => a + b, 0)
    if (total >= RARE) tables.push({ contexts: [context], counts: Float64Array.from(own) })
    else if (total > 0) {
      rare.contexts.push(context)
      rare.counts = sum(rare.counts, own)
    }
  }
  if (rare.contexts.length > 0) tables.push(rare)
  return tables.map((table, id) => ({ ...table, id, cost: costOf(table.counts) }))
}

/** @param {Float64Array} a @param {ArrayLike<number>} b */
function sum(a, b) {
  return a.map((count, symbol) => count + Number(b[symbol]))
}

/** The bits of a table and of what it encodes. @param {Float64Array} counts */
function costOf(counts) {
  let [total, bits, symbols] = [0, 0, 0]
  for (const count of counts) {
    if (count === 0) continue
    total += count
    bits -= count * Math.log2(count)
    symbols++
  }
  return bits + total * Math.log2(total) + SYMBOL_BITS * symbols + TABLE_BITS
}
