/**
 * Texts that look random, such as ids and tokens, and are the same in each run. Nobody must trust in that they cannot be
 * guessed.
 *
 * @param seed another one gives other texts
 * @returns a function that makes a text of `length` characters of `alphabet`
 */
export function textSource(seed: number): (length: number, alphabet?: string) => string {
  let state = seed >>> 0
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return (length, alphabet = ALPHANUMERIC) =>
    Array.from({ length }, () => alphabet.charAt(next() % alphabet.length)).join('')
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
