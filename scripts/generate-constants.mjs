// Writes assembly/{secp256k1,ed25519}/constants.gen.ts: the curves' published constants, and what follows from them, in
// the limb layouts of assembly/field/lanes.ts.
import { writeFileSync } from 'node:fs'

const LIMBS = 9
const R = 1n << 261n

const modulo = (a, m) => ((a % m) + m) % m
const hex = (value) => `0x${value.toString(16)}`

function invert(a, m) {
  let [r0, r1, s0, s1] = [m, modulo(a, m), 0n, 1n]
  while (r1 !== 0n) {
    const quotient = r0 / r1
    ;[r0, r1] = [r1, r0 - quotient * r1]
    ;[s0, s1] = [s1, s0 - quotient * s1]
  }
  return modulo(s0, m)
}

function power(base, exponent, m) {
  let result = 1n
  for (let b = modulo(base, m), e = exponent; e > 0n; e >>= 1n, b = (b * b) % m) if (e & 1n) result = (result * b) % m
  return result
}

/** A square root modulo a prime p ≡ 5 mod 8. */
function squareRootModulo(square, p) {
  const candidate = power(square, (p + 3n) / 8n, p)
  return (candidate * candidate) % p === square ? candidate : (candidate * power(2n, (p - 1n) / 4n, p)) % p
}

function isogenySlope(p) {
  const root = squareRootModulo(486664n, p)
  const isSquare = (a) => power(a, (p - 1n) / 2n, p) === 1n
  return isSquare(root * (root + 2n)) ? modulo(root - 2n, p) : root + 2n
}

function split(value, bits) {
  const mask = (1n << BigInt(bits)) - 1n
  return Array.from({ length: LIMBS }, (_, i) => (value >> BigInt(bits * i)) & mask)
}

function constant(name, doc, words) {
  const list = words.map(hex).join(', ')
  return `/** ${doc} */\nexport const ${name}: usize = memory.data<u32>([${list}], 16)\n`
}

const single = (name, doc, value) => constant(name, doc, [...split(value, 29), 0n, 0n, 0n])
const pair = (name, doc, value) => pairOfLimbs(name, doc, split(value, 29))
const pairOfLimbs = (name, doc, limbs) => constant(name, doc, [...limbs.flatMap((limb) => [limb, limb]), 0n, 0n])

/** A modulus for field/safegcd.ts: nine 30-bit limbs, then its inverse modulo 2^30. */
function safegcd(name, doc, modulus) {
  return constant(name, doc, [...split(modulus, 30), invert(modulus, 1n << 30n)])
}

/**
 * A multiple of p whose limbs lie in [2^29·times + slack, 2^29·(times + 1) + slack): adding it keeps every limb of
 * a − times·b positive for a carried b.
 */
function subtrahend(suffix, times, p) {
  const floor = Array.from({ length: LIMBS }, (_, i) => times * (i < 8 ? (1n << 29n) + (1n << 18n) : 1n << 25n))
  const value = floor.reduce((sum, limb, i) => sum + (limb << BigInt(29 * i)), 0n)
  const rest = split(modulo(-value, p), 29)
  const limbs = floor.map((limb, i) => limb + rest[i])
  const doc = `A multiple of p from which ${times} × a carried element is subtracted without borrow`
  return (
    constant(`SUBTRAHEND_${suffix}`, `${doc}.`, [...limbs, 0n, 0n, 0n]) +
    pairOfLimbs(`SUBTRAHEND_${suffix}_PAIR`, `${doc}, in both lanes.`, limbs)
  )
}

function order(n) {
  return [
    single('ORDER', 'The group order n.', n),
    safegcd('ORDER_30', 'n for safegcd.', n),
    single('ORDER_R2', '2^522 mod n: into Montgomery form, or out of a Montgomery product.', (R * R) % n),
    single('ORDER_HIGH', '2^256·2^261 mod n: the weight of the high half of a wide number.', (R << 256n) % n),
    single('COMB_OFFSET', '2^260 − 1 mod n: the sum of 31·32^i, which makes 52 odd digits.', ((1n << 260n) - 1n) % n),
  ]
}

function secp256k1() {
  const p = (1n << 256n) - (1n << 32n) - 977n
  const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const gx = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n
  const gy = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n
  const lambda = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n
  const beta = 0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een
  // The reduced basis (a1, b1), (a2, b2) of {(x, y): x + y·λ ≡ 0 mod n}.
  const b1 = -0xe4437ed6010e88286f547fa90abfe4c3n
  const b2 = 0x3086d221a7d46bcde86c90e49284eb15n
  const rounded = (a) => ((a << 385n) / n + 1n) >> 1n
  return [
    safegcd('FIELD_30', 'p for safegcd.', p),
    single('MODULUS', 'p.', p),
    pair('MODULUS_PAIR', 'p in both lanes.', p),
    subtrahend('1', 1n, p),
    subtrahend('2', 2n, p),
    pair('BETA_PAIR', 'β, a cube root of one: (β·x, y) = λ·(x, y), in both lanes.', beta),
    single('BETA', 'β.', beta),
    single('GENERATOR_X', 'SEC 2 §2.4.1.', gx),
    single('GENERATOR_Y', 'SEC 2 §2.4.1.', gy),
    ...order(n),
    single('SPLIT_OFFSET', '−1 − λ mod n: makes both halves of a split scalar odd.', modulo(-1n - lambda, n)),
    single('SPLIT_G1', 'round(2^384·b2/n).', rounded(b2)),
    single('SPLIT_G2', 'round(−2^384·b1/n).', rounded(-b1)),
    single('SPLIT_MINUS_B1', '−b1·2^261 mod n.', modulo(-b1 * R, n)),
    single('SPLIT_MINUS_B2', '−b2·2^261 mod n.', modulo(-b2 * R, n)),
    single('SPLIT_MINUS_LAMBDA', '−λ·2^261 mod n.', modulo(-lambda * R, n)),
  ]
}

function ed25519() {
  const p = (1n << 255n) - 19n
  const n = (1n << 252n) + 27742317777372353535851937790883648493n
  const d = modulo(-121665n * invert(121666n, p), p)
  const gx = 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51an
  const gy = 0x6666666666666666666666666666666666666666666666666666666666666658n
  return [
    safegcd('FIELD_30', 'p for safegcd.', p),
    subtrahend('1', 1n, p),
    single('D', 'd, RFC 8032 §5.1.', d),
    single('D2', '2d.', (2n * d) % p),
    pair('D2_PAIR', '2d in both lanes.', (2n * d) % p),
    single('SQRT_MINUS_ONE', '2^((p−1)/4), a square root of −1.', power(2n, (p - 1n) / 4n, p)),
    single('MONTGOMERY_SCALE', '√−486664, RFC 7748 §4.1.', squareRootModulo(p - 486664n, p)),
    single('ISOGENY_SLOPE', 'λ of subgroup.ts: √(A + 2) ± 2 so that λ·√(A + 2) is not a square.', isogenySlope(p)),
    single('GENERATOR_X', 'RFC 8032 §5.1.', gx),
    single('GENERATOR_Y', 'RFC 8032 §5.1.', gy),
    ...order(n),
    single('WINDOW_OFFSET', '2^256 − 1 mod n: the sum of 15·16^i, which makes 64 odd digits.', ((1n << 256n) - 1n) % n),
  ]
}

const HEADER = '// Generated by scripts/generate-constants.mjs; do not edit.\n\n'

const FILES = { secp256k1: secp256k1(), ed25519: ed25519() }

for (const [curve, constants] of Object.entries(FILES)) {
  writeFileSync(new URL(`../assembly/${curve}/constants.gen.ts`, import.meta.url), HEADER + constants.join('\n'))
}
