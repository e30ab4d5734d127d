// @ts-check
// A product modulo the prime of secp256k1 without big integers, for the study: 11 limbs of 24 bits in doubles. Sums of eleven
// products of 24 bits stay below 2^53, and so exact; limbs of 26 or 29 bits would not. 2^264 = 2^40 + 250112 modulo p.

const LIMBS = 11
const SHIFT = '5.9604644775390625e-8'
const BASE = '16777216'

/** @param {number} count @param {(index: number) => string} text @param {string} [between] */
const each = (count, text, between = '') => Array.from({ length: count }, (_, index) => text(index)).join(between)

/**
 * Makes the function that writes the product of a and b to r. It is unrolled, since an interpreter pays for every step of a
 * loop.
 *
 * @returns {(r: number[], a: readonly number[], b: readonly number[]) => void}
 */
export function makeMultiplyLimbs() {
  const columns = 2 * LIMBS - 1
  const carry = (/** @type {string} */ name) => `c=Math.floor(${name}*${SHIFT});${name}-=c*${BASE};`
  const product = (/** @type {number} */ k) =>
    each(LIMBS, (i) => (k - i >= 0 && k - i < LIMBS ? `a${i}*b${k - i}` : ''), '+').replace(/^\++|\++$|(?<=\+)\++/g, '')
  const folded = (/** @type {number} */ j) => `t${j}+t${j + LIMBS}*250112${j > 0 ? `+t${j + LIMBS - 1}*65536` : ''}+c`
  const body = `var ${each(LIMBS, (i) => `a${i}=a[${i}],b${i}=b[${i}]`, ',')},c=0;
${each(columns, (k) => `var t${k}=${product(k)}+c;${carry(`t${k}`)}`, '\n')}
var t${columns}=c;c=0;
${each(LIMBS, (j) => `var r${j}=${folded(j)};${carry(`r${j}`)}`, '\n')}
c+=t${columns}*65536;var h=Math.floor(c*${SHIFT});c-=h*${BASE};
r0+=c*250112;r1+=c*65536+h*250112;r2+=h*65536;
${each(2, (j) => `${carry(`r${j}`)}r${j + 1}+=c;`)}
${each(LIMBS, (j) => `r[${j}]=r${j};`)}`
  // eslint-disable-next-line no-new-func -- of text from here
  return /** @type {any} */ (new Function('r', 'a', 'b', body))
}
