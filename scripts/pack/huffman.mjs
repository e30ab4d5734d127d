// @ts-check
// Canonical Huffman codes of a limited length.

/**
 * The lengths of the best codes of at most `longest` bits, by package-merge (Larmore, Hirschberg 1990).
 *
 * @param {ArrayLike<number>} counts how often each symbol comes
 * @param {number} longest
 * @returns {Uint8Array} 0 for symbols that never come
 */
export function codeLengths(counts, longest) {
  const lengths = new Uint8Array(counts.length)
  /** @typedef {{ readonly count: number, readonly symbols: readonly number[] }} Package */
  const leaves = Array.from(counts, (count, symbol) => ({ count, symbols: [symbol] })).filter(({ count }) => count > 0)
  leaves.sort((a, b) => a.count - b.count)
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) lengths[Number(only.symbols[0])] = 1
  if (leaves.length < 2) return lengths
  let merged = /** @type {Package[]} */ (leaves)
  for (let level = 1; level < longest; level++) {
    const packages = /** @type {Package[]} */ ([])
    for (let i = 0; i + 1 < merged.length; i += 2) {
      const [a, b] = /** @type {[Package, Package]} */ ([merged[i], merged[i + 1]])
      packages.push({ count: a.count + b.count, symbols: [...a.symbols, ...b.symbols] })
    }
    merged = [...leaves, ...packages].sort((a, b) => a.count - b.count)
  }
  for (const { symbols } of merged.slice(0, 2 * leaves.length - 2)) {
    for (const symbol of symbols) lengths[symbol] = Number(lengths[symbol]) + 1
  }
  return lengths
}

/** The code of each symbol: shorter ones first, then by symbol. @param {Uint8Array} lengths @returns {number[]} */
export function codesOf(lengths) {
  const codes = /** @type {number[]} */ (new Array(lengths.length).fill(0))
  let next = 0
  for (let length = 1; length <= Math.max(...lengths); length++) {
    next *= 2
    for (const [symbol, own] of lengths.entries()) if (own === length) codes[symbol] = next++
  }
  return codes
}
