// @ts-check
// What the clients of a fleet have done, over all their processes.
import { addCounts } from './failures.mjs'
import { createHistogram, merge, quantile } from './histogram.mjs'

/** What has happened since the last one. @param {import('./fleet.mjs').Fleet} fleet */
export async function countActions({ drivers }) {
  /** @type {Record<string, import('./tally.mjs').Counted>[]} */
  const counts = await Promise.all(drivers.map((driver) => driver.call('take')))
  const times = createHistogram()
  /** @type {Record<string, number>} */
  const errors = {}
  let other = 0
  for (const [name, counted] of counts.flatMap((one) => Object.entries(one))) {
    if (name.startsWith('sign')) merge(times, counted.times)
    else other += counted.times.count
    addCounts(errors, counted.errors)
  }
  return {
    ...{ signatures: times.count, other, errors },
    ...{ p50: quantile(times, 0.5), p99: quantile(times, 0.99), most: times.max },
  }
}
