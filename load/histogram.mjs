// @ts-check

/** Buckets grow by 2 %: quantiles are as exact as that. */
const GROWTH = Math.log(1.02)

/** A distribution of positive numbers, as plain data that can be sent. @typedef {{ count: number, sum: number, max: number, buckets: Record<number, number> }} Histogram */

/** @returns {Histogram} */
export const createHistogram = () => ({ count: 0, sum: 0, max: 0, buckets: {} })

/** @param {Histogram} histogram @param {number} value */
export function add(histogram, value) {
  const bucket = Math.ceil(Math.log(Math.max(value, 1e-3)) / GROWTH)
  histogram.count += 1
  histogram.sum += value
  histogram.max = Math.max(histogram.max, value)
  histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1
}

/** @param {Histogram} into @param {Histogram} from */
export function merge(into, from) {
  into.count += from.count
  into.sum += from.sum
  into.max = Math.max(into.max, from.max)
  for (const [bucket, count] of Object.entries(from.buckets)) {
    into.buckets[Number(bucket)] = (into.buckets[Number(bucket)] ?? 0) + count
  }
}

/** @param {Histogram} histogram @param {number} share 0.5 for the median */
export function quantile({ count, max, buckets }, share) {
  let left = share * count
  for (const bucket of Object.keys(buckets)
    .map(Number)
    .sort((a, b) => a - b)) {
    left -= buckets[bucket] ?? 0
    if (left <= 0) return Math.min(max, Math.exp(bucket * GROWTH))
  }
  return max
}
