// @ts-check

/** @param {readonly number[]} values @param {number} share 0.5 for the median */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return /** @type {number} */ (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
}

/**
 * The median, and the spread as the quartiles around it.
 *
 * @param {readonly number[]} values
 */
export function summary(values) {
  return {
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    runs: values.length,
  }
}

/** @typedef {ReturnType<typeof summary>} Summary */

/** Three digits that say something. @param {number} value */
export function digits(value) {
  if (value >= 100) return value.toFixed(0)
  if (value >= 10) return value.toFixed(1)
  return value >= 0.1 ? value.toFixed(2) : value.toFixed(3)
}

/** Median and quartiles. @param {Summary} summary */
export function spread({ median, low, high }) {
  return `${digits(median)} (${digits(low)}–${digits(high)})`
}

const UNITS = /** @type {const} */ ([
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
])

/** @param {number} nanoseconds */
export function duration(nanoseconds) {
  const [unit, size] = UNITS.find(([, size]) => nanoseconds >= size) ?? ['ns', 1]
  return `${digits(nanoseconds / size)} ${unit}`
}

/** Prints rows as an aligned table. @param {readonly (readonly string[])[]} rows the first one is the header */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
