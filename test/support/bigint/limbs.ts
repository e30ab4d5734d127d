/** Layouts of assembly/field/lanes.ts. */
export type Layout = 'Single' | 'Pair'

const BITS = 29n
const LIMBS = 9

/** Nine limbs of 29 bits; what is above them stays in the last. */
export function toLimbs(value: bigint): bigint[] {
  const low = Array.from({ length: LIMBS - 1 }, (_, i) => (value >> (BITS * BigInt(i))) & (2n ** BITS - 1n))
  return [...low, value >> (BITS * 8n)]
}

/** The number that limbs of any size stand for. */
export function fromLimbs(limbs: readonly bigint[]): bigint {
  return limbs.reduce((sum, limb, i) => sum + (limb << (BITS * BigInt(i))), 0n)
}

/** Where limb i of a lane lies in an element. */
function offsetOf(layout: Layout, limb: number, lane: number): number {
  return layout === 'Single' ? 4 * limb : 8 * limb + 4 * lane
}

/** Lanes of a layout. */
export function lanes(layout: Layout): readonly number[] {
  return layout === 'Single' ? [0] : [0, 1]
}

export function writeLimbs(view: DataView, at: number, layout: Layout, lane: number, limbs: readonly bigint[]): void {
  for (const [i, limb] of limbs.entries()) view.setUint32(at + offsetOf(layout, i, lane), Number(limb), true)
}

export function readLimbs(view: DataView, at: number, layout: Layout, lane: number): bigint[] {
  return Array.from({ length: LIMBS }, (_, i) => BigInt(view.getUint32(at + offsetOf(layout, i, lane), true)))
}
