import { INVERSE_SCRATCH } from '../memory'

// Constant-time inverse modulo an odd number below 2^256 (Bernstein–Yang, eprint 2019/266, in the half-delta form of
// libsecp256k1's modinv32). Numbers are nine signed limbs of 30 bits. There are 20 rounds of 30 division steps; 590 steps
// would be enough. All loops and addresses are fixed, and signs and parities are applied with masks.

const D: usize = INVERSE_SCRATCH
const E: usize = INVERSE_SCRATCH + 40
const F: usize = INVERSE_SCRATCH + 80
const G: usize = INVERSE_SCRATCH + 120
/** The 2×2 transition matrix (u v; q r) of one round. */
const T: usize = INVERSE_SCRATCH + 160

const MASK: i32 = 0x3fffffff
const BYTES: usize = 36


@inline
function limb(a: usize, i: usize): i64 {
  return <i64>load<i32>(a + i)
}

/** 30 division steps on the low words of f and g. Writes T, and returns the new ζ = −(δ + 1/2). */
function divisionSteps(zeta: i32, f: i32, g: i32): i32 {
  let u: i32 = 1
  let v: i32 = 0
  let q: i32 = 0
  let r: i32 = 1
  for (let i = 0; i < 30; i++) {
    let negative = zeta >> 31
    const odd = -(g & 1)
    g += ((f ^ negative) - negative) & odd
    q += ((u ^ negative) - negative) & odd
    r += ((v ^ negative) - negative) & odd
    negative &= odd
    zeta = (zeta ^ negative) - 1
    f += g & negative
    u += q & negative
    v += r & negative
    g = <i32>((<u32>g) >> 1)
    u <<= 1
    v <<= 1
  }
  store<i32>(T, u)
  store<i32>(T, v, 4)
  store<i32>(T, q, 8)
  store<i32>(T, r, 12)
  return zeta
}

/** (d, e) = T·(d, e)/2^30 modulo the modulus. Both stay between −2·modulus and modulus. */
function updateInverses(modulus: usize): void {
  const u = load<i32>(T)
  const v = load<i32>(T, 4)
  const q = load<i32>(T, 8)
  const r = load<i32>(T, 12)
  const signD = load<i32>(D, 32) >> 31
  const signE = load<i32>(E, 32) >> 31
  let carryD = <i64>u * limb(D, 0) + <i64>v * limb(E, 0)
  let carryE = <i64>q * limb(D, 0) + <i64>r * limb(E, 0)
  // The multiple of the modulus that makes the low 30 bits zero.
  const inverse = load<i32>(modulus, BYTES)
  let timesD = (u & signD) + (v & signE)
  let timesE = (q & signD) + (r & signE)
  timesD -= (inverse * <i32>carryD + timesD) & MASK
  timesE -= (inverse * <i32>carryE + timesE) & MASK
  carryD = (carryD + limb(modulus, 0) * <i64>timesD) >> 30
  carryE = (carryE + limb(modulus, 0) * <i64>timesE) >> 30
  for (let i: usize = 4; i < BYTES; i += 4) {
    const d = limb(D, i)
    const e = limb(E, i)
    const m = limb(modulus, i)
    carryD += <i64>u * d + <i64>v * e + m * <i64>timesD
    carryE += <i64>q * d + <i64>r * e + m * <i64>timesE
    store<i32>(D + i - 4, (<i32>carryD) & MASK)
    store<i32>(E + i - 4, (<i32>carryE) & MASK)
    carryD >>= 30
    carryE >>= 30
  }
  store<i32>(D, <i32>carryD, 32)
  store<i32>(E, <i32>carryE, 32)
}

/** (f, g) = T·(f, g)/2^30, exactly. */
function updateRemainders(): void {
  const u = <i64>load<i32>(T)
  const v = <i64>load<i32>(T, 4)
  const q = <i64>load<i32>(T, 8)
  const r = <i64>load<i32>(T, 12)
  let carryF = (u * limb(F, 0) + v * limb(G, 0)) >> 30
  let carryG = (q * limb(F, 0) + r * limb(G, 0)) >> 30
  for (let i: usize = 4; i < BYTES; i += 4) {
    const f = limb(F, i)
    const g = limb(G, i)
    carryF += u * f + v * g
    carryG += q * f + r * g
    store<i32>(F + i - 4, (<i32>carryF) & MASK)
    store<i32>(G + i - 4, (<i32>carryG) & MASK)
    carryF >>= 30
    carryG >>= 30
  }
  store<i32>(F, <i32>carryF, 32)
  store<i32>(G, <i32>carryG, 32)
}

/** d = (d + (d < 0 ? modulus : 0))·sign, limbs carried; `sign` is all ones for −1 and zero for 1. */
function addIfNegative(modulus: usize, sign: i32): void {
  const negative = load<i32>(D, 32) >> 31
  let carry: i32 = 0
  for (let i: usize = 0; i < BYTES; i += 4) {
    const sum = load<i32>(D + i) + (load<i32>(modulus + i) & negative)
    carry += (sum ^ sign) - sign
    store<i32>(D + i, i < 32 ? carry & MASK : carry)
    carry >>= 30
  }
}

/**
 * Inverts a number of 32 little-endian bytes in place. Zero stays zero.
 *
 * @param modulus its limbs, followed by its inverse modulo 2^30
 */
export function invertBytes(bytes: usize, modulus: usize): void {
  const w0 = load<u64>(bytes)
  const w1 = load<u64>(bytes, 8)
  const w2 = load<u64>(bytes, 16)
  const w3 = load<u64>(bytes, 24)
  store<i32>(G, (<i32>w0) & MASK)
  store<i32>(G, (<i32>(w0 >> 30)) & MASK, 4)
  store<i32>(G, (<i32>((w0 >> 60) | (w1 << 4))) & MASK, 8)
  store<i32>(G, (<i32>(w1 >> 26)) & MASK, 12)
  store<i32>(G, (<i32>((w1 >> 56) | (w2 << 8))) & MASK, 16)
  store<i32>(G, (<i32>(w2 >> 22)) & MASK, 20)
  store<i32>(G, (<i32>((w2 >> 52) | (w3 << 12))) & MASK, 24)
  store<i32>(G, (<i32>(w3 >> 18)) & MASK, 28)
  store<i32>(G, <i32>(w3 >> 48), 32)
  memory.copy(F, modulus, BYTES)
  memory.fill(D, 0, 2 * 40)
  store<i32>(E, 1)

  let zeta: i32 = -1
  for (let i = 0; i < 20; i++) {
    zeta = divisionSteps(zeta, load<i32>(F), load<i32>(G))
    updateInverses(modulus)
    updateRemainders()
  }
  // Now g = 0, f = ±1 (±modulus if x is zero), and d = f/x.
  addIfNegative(modulus, load<i32>(F, 32) >> 31)
  addIfNegative(modulus, 0)

  const l2 = <u64>load<u32>(D, 8)
  const l4 = <u64>load<u32>(D, 16)
  const l6 = <u64>load<u32>(D, 24)
  store<u64>(bytes, (<u64>load<u32>(D)) | ((<u64>load<u32>(D, 4)) << 30) | (l2 << 60))
  store<u64>(bytes, (l2 >> 4) | ((<u64>load<u32>(D, 12)) << 26) | (l4 << 56), 8)
  store<u64>(bytes, (l4 >> 8) | ((<u64>load<u32>(D, 20)) << 22) | (l6 << 52), 16)
  store<u64>(bytes, (l6 >> 12) | ((<u64>load<u32>(D, 28)) << 18) | ((<u64>load<u32>(D, 32)) << 48), 24)
}
