/** The first hardened index (BIP 32). */
export const HARDENED = 0x80000000

/** @throws {RangeError} unless it is an integer below 2^31: hardened children need the private key, which nobody has */
export function assertIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw new RangeError(`child index must be 0..2^31-1 (not hardened), got ${index}`)
  }
}

/**
 * Parses a derivation path such as `m/0/5`, where `m` is the wallet's key.
 *
 * @throws {TypeError} if it is not a path
 * @throws {RangeError} for a hardened step, an index from 2^31 on, or more than 255 steps
 */
export function parsePath(path: string): number[] {
  if (typeof path !== 'string' || !/^m(?:\/(?:0|[1-9][0-9]{0,9})['hH]?)*$/.test(path)) {
    throw new TypeError('expected a derivation path such as m/0/5')
  }
  const steps = path.split('/').slice(1)
  if (steps.length > 255) throw new RangeError(`a path has at most 255 steps, got ${steps.length}`)
  return steps.map((step) => {
    const index = Number(step)
    if (Number.isNaN(index)) throw new RangeError(`${path}: hardened children need the private key`)
    assertIndex(index)
    return index
  })
}

/** Formats child indices as a path such as `m/0/5`. */
export function formatPath(path: readonly number[]): string {
  return ['m', ...path].join('/')
}
