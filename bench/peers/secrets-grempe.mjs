// @ts-check
import secrets from 'secrets.js-grempe'

/**
 * @param {Uint8Array} secret
 * @param {readonly { threshold: number, count: number }[]} sizes
 * @returns {import('../support/match.mjs').Library}
 */
export function sharing(secret, sizes) {
  const hex = Array.from(secret, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return {
    name: 'secrets.js-grempe',
    operations: async () => {
      const ways = sizes.map(({ threshold, count }) => {
        const shares = secrets.share(hex, count, threshold).slice(-threshold)
        return {
          [`split.${count}`]: { differs: true, run: () => secrets.share(hex, count, threshold) },
          // Hex, as this library has it.
          [`recombine.${count}`]: { run: () => secrets.combine(shares) },
        }
      })
      return Object.assign({}, ...ways)
    },
  }
}
