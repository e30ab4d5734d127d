// @ts-check
// What assembly/unpack knows without being told: which symbols there are, and in which context each is read.

/** The longest code of a symbol in bits. */
export const LONGEST_CODE = 10
/** The longest copy. */
export const LONGEST_COPY = 256

/** Symbols that begin a step: the 256 bytes, then the {@link bucketOf} of a copy's length. */
export const STEP_SYMBOLS = 256 + bucketOf(LONGEST_COPY).symbol + 1
/** Symbols of a distance: the last one, the one before that differed, then the bucket of any other. */
export const DISTANCE_SYMBOLS = 2 + bucketOf(2 ** 17 - 1).symbol + 1
/** Copies of 1, 2, 3, 4 and more bytes have tables of distances of their own. */
export const DISTANCE_TABLES = 5

/** Contexts of a step: the last opcode, and how many of its operands are left, 0 to 2. */
export const CONTEXTS = 3 * 256

/**
 * How many operands of LEB128 an opcode of WebAssembly has, at most two. SIMD has one, its second opcode. Whatever is read
 * otherwise costs some bits, no more.
 */
export const OPERANDS = Uint8Array.from({ length: 256 }, (_, opcode) => {
  if (opcode >= 0x28 && opcode <= 0x3e) return 2
  const ofOne = [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3f, 0x40, 0x41, 0x42, 0xfc, 0xfd]
  return Number(ofOne.includes(opcode))
})

/** The context of the step that begins at each byte. @param {Uint8Array} bytes */
export function contextsOf(bytes) {
  let opcode = 0
  let operands = 0
  return Uint16Array.from(bytes, (byte) => {
    const context = 256 * operands + opcode
    if (operands === 0) {
      opcode = byte
      operands = Number(OPERANDS[byte])
    } else if (byte < 128) operands--
    return context
  })
}

/**
 * A number from 1 on as a symbol, which has its highest two bits, and the bits below them.
 *
 * @param {number} value
 */
export function bucketOf(value) {
  const length = 31 - Math.clz32(value)
  if (length === 0) return { symbol: 0, bits: 0, rest: 0 }
  const bits = length - 1
  return { symbol: 2 * length - 1 + ((value >> bits) & 1), bits, rest: value & (2 ** bits - 1) }
}

/** The table of distances of a copy. @param {number} length */
export function distanceTable(length) {
  return Math.min(length, DISTANCE_TABLES) - 1
}
