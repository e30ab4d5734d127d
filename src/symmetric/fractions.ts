// The constants of SHA-2 and BLAKE2b, computed: of their digits nothing can be compressed.

/** Words of 64 bits, as two of 32 each. */
export interface Words {
  readonly high: Int32Array
  readonly low: Int32Array
}

/**
 * The first 64 bits of the fractions of the roots of the first primes.
 *
 * @param degree 2 for square roots, 3 for cube roots
 */
export function fractionsOfRoots(degree: 2 | 3, count: number): Words {
  const high = new Int32Array(count)
  const low = new Int32Array(count)
  let found = 0
  for (let candidate = 2; found < count; candidate++) {
    if (!isPrime(candidate)) continue
    // A root of some 42 bits, too small however inexact the engine's powers are, and one step of Newton's method, which
    // doubles them. No power of a BigInt: old targets of Babel make it Math.pow.
    const near = BigInt(Math.floor(candidate ** (1 / degree) * 2 ** 48) - 64) << 16n
    const slope = degree === 2 ? near : near * near
    const root = near + ((BigInt(candidate) << BigInt(64 * degree)) - slope * near) / (BigInt(degree) * slope)
    high[found] = Number(BigInt.asIntN(32, root >> 32n))
    low[found++] = Number(BigInt.asIntN(32, root))
  }
  return { high, low }
}

function isPrime(candidate: number): boolean {
  for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) return false
  return true
}

/** The state with which SHA-512 and BLAKE2b begin; its higher halves are that of SHA-256. */
export const SQUARE_ROOTS: Words = /* @__PURE__ */ fractionsOfRoots(2, 8)

/** What the rounds of SHA-512 add; the higher halves of the first 64 are those of SHA-256. */
export const CUBE_ROOTS: Words = /* @__PURE__ */ fractionsOfRoots(3, 80)
