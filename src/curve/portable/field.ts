// Numbers modulo p = 2^256 − 2^32 − 977 as big integers. Engines multiply big integers fast, but not all divide them fast:
// Hermes takes 60 times as long for a remainder as for a product. So products are not divided by p: the bits from 2^256 on
// are folded down twice, by 2^256 = 2^32 + 977. Between operations a number has either sign and less than 2^257; sums and
// differences are folded with the next product.

const C = 0x1000003d1n
const MASK = (1n << 256n) - 1n

/** p */
export const P = (1n << 256n) - C

/** The same number modulo p, of less than 2^257, for one of less than 2^600. */
export function fold(x: bigint): bigint {
  const once = (x & MASK) + (x >> 256n) * C
  return (once & MASK) + (once >> 256n) * C
}

/** From 0 to p − 1. */
export function canonical(x: bigint): bigint {
  return ((x % P) + P) % P
}

/** `b` if the choice is 1, `a` if it is 0. */
export function select(a: bigint, b: bigint, choice: bigint): bigint {
  return a ^ ((a ^ b) & -choice)
}

/** 1 if a and b are the same modulo p, else 0. */
export function equal(a: bigint, b: bigint): bigint {
  return BigInt(canonical(a - b) === 0n)
}

function squareTimes(x: bigint, times: number): bigint {
  let power = x
  for (let i = 0; i < times; i++) power = fold(power * power)
  return power
}

/** x^(2^a − 1) and x^(2^b − 1) to x^(2^(a + b) − 1). @param b of the second */
function join(a: bigint, ofB: bigint, b: number): bigint {
  return fold(squareTimes(a, b) * ofB)
}

/** x², x^(2^2 − 1), and x^((2^223 − 1)·2^23 + 2^22 − 1), with which every power below begins. */
function commonPower(x: bigint): readonly [two: bigint, common: bigint] {
  const two = join(x, x, 1)
  const three = join(two, x, 1)
  const six = join(three, three, 3)
  const nine = join(six, three, 3)
  const eleven = join(nine, two, 2)
  const ones22 = join(eleven, eleven, 11)
  const ones44 = join(ones22, ones22, 22)
  const ones88 = join(ones44, ones44, 44)
  const ones176 = join(ones88, ones88, 88)
  const ones220 = join(ones176, ones44, 44)
  const ones223 = join(ones220, three, 3)
  return [two, fold(squareTimes(ones223, 23) * ones22)]
}

/** 1/x, or 0 for 0. */
export function invert(x: bigint): bigint {
  const [two, common] = commonPower(x)
  const power = fold(squareTimes(common, 5) * x)
  return fold(squareTimes(fold(squareTimes(power, 3) * two), 2) * x)
}

/** x^((p + 1)/4): a root of x if it is a square. */
export function squareRoot(x: bigint): bigint {
  const [two, common] = commonPower(x)
  return squareTimes(fold(squareTimes(common, 6) * two), 2)
}

/** x^((p − 3)/4) */
export function powerOfRatio(x: bigint): bigint {
  const [two, common] = commonPower(x)
  return fold(squareTimes(fold(squareTimes(common, 5) * x), 3) * two)
}
