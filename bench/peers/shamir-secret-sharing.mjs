// @ts-check
import { combine, split } from 'shamir-secret-sharing'
import { asyncLoop } from '../support/interleave.mjs'

/**
 * @param {Uint8Array} secret
 * @param {readonly { threshold: number, count: number }[]} sizes
 * @returns {import('../support/match.mjs').Library}
 */
export function sharing(secret, sizes) {
  return {
    name: 'shamir-secret-sharing',
    operations: async () => {
      const ways = sizes.map(async ({ threshold, count }) => {
        const shares = (await split(secret, count, threshold)).slice(-threshold)
        return {
          [`split.${count}`]: { differs: true, turn: asyncLoop(() => split(secret, count, threshold)) },
          [`recombine.${count}`]: { show: () => combine(shares), turn: asyncLoop(() => combine(shares)) },
        }
      })
      return Object.assign({}, ...(await Promise.all(ways)))
    },
  }
}
