// Poly1305 (RFC 8439 §2.5). A number is six limbs of 22 bits, held as floating-point numbers: a sum of six products, of which one
// factor is 20 times as large, is below 2^52 and therefore exact. Neither branches nor indexes depend on what is secret.

const LIMBS = 6
const BASE = 2 ** 22
const MASK = BASE - 1
/** Exact; divisions take a time that depends on their numbers where nothing is compiled. */
const INVERSE = 2 ** -22
/** Bit 128, in the highest limb. */
const BLOCK_BIT = 2 ** 18

const BLOCK = 16

/** The bits of r that are kept. */
// prettier-ignore
const CLAMP = [255, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15, 252, 255, 255, 15]

type Six = [number, number, number, number, number, number]

/** Takes the limbs out of 16 bytes. */
function split(view: DataView, at: number, limbs: Float64Array): void {
  const w0 = view.getUint32(at, true)
  const w1 = view.getUint32(at + 4, true)
  const w2 = view.getUint32(at + 8, true)
  const w3 = view.getUint32(at + 12, true)
  limbs[0] = w0 & MASK
  limbs[1] = ((w0 >>> 22) | (w1 << 10)) & MASK
  limbs[2] = ((w1 >>> 12) | (w2 << 20)) & MASK
  limbs[3] = (w2 >>> 2) & MASK
  limbs[4] = ((w2 >>> 24) | (w3 << 8)) & MASK
  limbs[5] = w3 >>> 14
}

/**
 * For each block: sum = (sum + block + 2^128) · r modulo 2^130 - 5. The limbs of a sum are below 2^22, but for the second, which
 * is below 2^22 + 2^8, and what stands above bit 130 remains.
 *
 * @param view of whole blocks
 * @param limbs scratch
 */
function absorb(sum: Float64Array, r: Float64Array, view: DataView, limbs: Float64Array): void {
  let [h0, h1, h2, h3, h4, h5] = sum as unknown as Six
  const [r0, r1, r2, r3, r4, r5] = r as unknown as Six
  // 2^132, the weight of a seventh limb, is 20.
  const [s1, s2, s3, s4, s5] = [20 * r1, 20 * r2, 20 * r3, 20 * r4, 20 * r5]
  for (let at = 0; at < view.byteLength; at += BLOCK) {
    split(view, at, limbs)
    const b0 = h0 + limbs[0]!
    const b1 = h1 + limbs[1]!
    const b2 = h2 + limbs[2]!
    const b3 = h3 + limbs[3]!
    const b4 = h4 + limbs[4]!
    const b5 = h5 + limbs[5]! + BLOCK_BIT
    const p0 = b0 * r0 + b1 * s5 + b2 * s4 + b3 * s3 + b4 * s2 + b5 * s1
    let over = Math.floor(p0 * INVERSE)
    h0 = p0 - over * BASE
    const p1 = b0 * r1 + b1 * r0 + b2 * s5 + b3 * s4 + b4 * s3 + b5 * s2 + over
    over = Math.floor(p1 * INVERSE)
    h1 = p1 - over * BASE
    const p2 = b0 * r2 + b1 * r1 + b2 * r0 + b3 * s5 + b4 * s4 + b5 * s3 + over
    over = Math.floor(p2 * INVERSE)
    h2 = p2 - over * BASE
    const p3 = b0 * r3 + b1 * r2 + b2 * r1 + b3 * r0 + b4 * s5 + b5 * s4 + over
    over = Math.floor(p3 * INVERSE)
    h3 = p3 - over * BASE
    const p4 = b0 * r4 + b1 * r3 + b2 * r2 + b3 * r1 + b4 * r0 + b5 * s5 + over
    over = Math.floor(p4 * INVERSE)
    h4 = p4 - over * BASE
    const p5 = b0 * r5 + b1 * r4 + b2 * r3 + b3 * r2 + b4 * r1 + b5 * r0 + over
    over = Math.floor(p5 * INVERSE)
    h5 = p5 - over * BASE
    // Below 2^30, of which the second limb gets less than 2^8.
    const low = h0 + 20 * over
    over = Math.floor(low * INVERSE)
    h0 = low - over * BASE
    h1 += over
  }
  sum.set([h0, h1, h2, h3, h4, h5])
}

/**
 * The tag of some parts, each of which is padded with zeros to whole blocks of 16 bytes.
 *
 * @param key 32 bytes, secret, for one message
 */
export function poly1305(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const view = new DataView(block.buffer)
  const [r, sum, limbs] = [new Float64Array(LIMBS), new Float64Array(LIMBS), new Float64Array(LIMBS)]
  CLAMP.forEach((bits, i) => (block[i] = key[i]! & bits))
  split(view, 0, r)
  for (const part of parts) {
    const whole = part.length - (part.length % BLOCK)
    absorb(sum, r, new DataView(part.buffer, part.byteOffset, whole), limbs)
    if (part.length === whole) continue
    block.fill(0)
    block.set(part.subarray(whole))
    absorb(sum, r, view, limbs)
  }
  const tag = finish(sum, key.subarray(BLOCK))
  for (const secret of [block, r, sum, limbs]) secret.fill(0)
  return tag
}

/** Carries from limb to limb. @returns what stands above bit 130 */
function carry(limbs: Float64Array, first: number): number {
  let over = first
  for (let i = 0; i < LIMBS; i++) {
    const bits = i < LIMBS - 1 ? 22 : 20
    const limb = limbs[i]! + over
    over = Math.floor(limb * 2 ** -bits)
    limbs[i] = limb - over * 2 ** bits
  }
  return over
}

/** sum modulo 2^130 - 5, plus the second half of the key modulo 2^128. */
function finish(sum: Float64Array, pad: Uint8Array): Uint8Array {
  // The first leaves less than 2^130, to which at most 5 · 2^3 are added, and then at most 5 to what is small.
  let above = carry(sum, 0)
  above = carry(sum, 5 * above)
  carry(sum, 5 * above)
  const reduced = sum.slice()
  // sum + 5 reaches bit 130 once sum is 2^130 - 5 or more, and its lower bits are then what is left.
  const isAbove = carry(reduced, 5)
  for (let i = 0; i < LIMBS; i++) sum[i]! += isAbove * (reduced[i]! - sum[i]!)
  reduced.fill(0)
  const tag = new Uint8Array(BLOCK)
  let over = 0
  for (let i = 0; i < BLOCK; i++) {
    const limb = Math.floor((8 * i) / 22)
    const bit = (8 * i) % 22
    // Eight bits of a limb, and of the next one.
    const bits = (sum[limb]! | ((sum[limb + 1] ?? 0) << 22)) >>> bit
    over += (bits & 255) + pad[i]!
    tag[i] = over
    over >>>= 8
  }
  return tag
}
