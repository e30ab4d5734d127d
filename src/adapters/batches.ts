/** The most signatures of one request. */
export const ITEMS_MAX = 64

/** The most bytes of messages in one request, so that its header, which has them in hex, is not too long. */
const BYTES_MAX = 96 * 1024

/** Cuts a list into parts that one `signAll` can take, in their order. @param bytesOf the length of what an item signs */
export function inBatches<T>(items: readonly T[], bytesOf: (item: T) => number): readonly (readonly T[])[] {
  const batches: T[][] = []
  let bytes = 0
  for (const item of items) {
    const last = batches.at(-1)
    bytes += bytesOf(item)
    if (last !== undefined && last.length < ITEMS_MAX && bytes <= BYTES_MAX) last.push(item)
    else {
      batches.push([item])
      bytes = bytesOf(item)
    }
  }
  return batches
}
