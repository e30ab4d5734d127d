// Writes the unrolled limb products of assembly/field/*.gen.ts: straight-line code for 256-bit numbers in nine 29-bit
// limbs, once for one element (u64 columns) and once for two at a time (v128, one element in each 64-bit lane).
import { writeFileSync } from 'node:fs'

const BITS = 29
const LIMBS = 9
const MASK = (1n << BigInt(BITS)) - 1n

const hex = (value) => `0x${value.toString(16)}`
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i)

/** How to write one arithmetic step, for one element. */
const SINGLE = {
  name: 'Single',
  type: 'u64',
  load: (pointer, i) => `<u64>load<u32>(${pointer}, ${4 * i})`,
  addLimbs: (a, b) => `${a} + ${b}`,
  multiply: (a, b) => `${a} * ${b}`,
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  shiftRight: (a, bits) => `${a} >> ${bits}`,
  shiftLeft: (a, bits) => `${a} << ${bits}`,
  mask: (a, bits) => `${a} & ${hex((1n << BigInt(bits)) - 1n)}`,
  store: (pointer, limbs) => limbs.map((limb, i) => `store<u32>(${pointer}, <u32>${limb}, ${4 * i})`),
}

/** The same for two elements, whose limbs lie interleaved: A0 B0 A1 B1 … */
const PAIR = {
  name: 'Pair',
  type: 'v128',
  load: (pointer, i) => `v128.load_zero<u64>(${pointer}, ${8 * i})`,
  addLimbs: (a, b) => `i32x4.add(${a}, ${b})`,
  multiply: (a, b) => `i64x2.extmul_low_i32x4_u(${a}, ${b})`,
  add: (a, b) => `i64x2.add(${a}, ${b})`,
  subtract: (a, b) => `i64x2.sub(${a}, ${b})`,
  shiftRight: (a, bits) => `i64x2.shr_u(${a}, ${bits})`,
  shiftLeft: (a, bits) => `i64x2.shl(${a}, ${bits})`,
  mask: (a, bits) => `v128.and(${a}, i64x2.splat(${hex((1n << BigInt(bits)) - 1n)}))`,
  // Columns below 2^32 times a constant: extended multiplications of the packed low words.
  pack: (a, b) => `v128.shuffle<u32>(${a}, ${b}, 0, 2, 4, 6)`,
  multiplyPacked: (packed, constant) =>
    ['low', 'high'].map((half) => `i64x2.extmul_${half}_i32x4_u(${packed}, i32x4.splat(${constant}))`),
  store: (pointer, limbs) =>
    range(0, limbs.length >> 1)
      .map(
        (i) => `v128.store(${pointer}, v128.shuffle<u32>(${limbs[2 * i]}, ${limbs[2 * i + 1]}, 0, 2, 4, 6), ${16 * i})`,
      )
      .concat(`v128.store64_lane(${pointer}, v128.shuffle<u32>(${limbs[8]}, ${limbs[8]}, 0, 2, 0, 2), 0, 64)`),
}

/** Collects the statements of one function body; every method returns the name that holds its result. */
class Body {
  constructor(lanes) {
    this.lanes = lanes
    this.lines = []
    this.count = 0
  }

  let(expression) {
    const name = `t${this.count++}`
    this.lines.push(`const ${name}: ${this.lanes.type} = ${expression}`)
    return name
  }

  load(pointer) {
    return range(0, LIMBS).map((i) => this.let(this.lanes.load(pointer, i)))
  }

  /** Adds two columns, either of which may not exist yet. */
  add(a, b) {
    if (a === undefined) return b
    if (b === undefined) return a
    return this.let(this.lanes.add(a, b))
  }

  subtract(a, b) {
    return b === undefined ? a : this.let(this.lanes.subtract(a, b))
  }

  addLimbs(a, b) {
    return this.let(this.lanes.addLimbs(a, b))
  }

  shiftRight(a, bits) {
    return this.let(this.lanes.shiftRight(a, bits))
  }

  mask(a, bits = BITS) {
    return this.let(this.lanes.mask(a, bits))
  }

  multiplyAdd(column, a, b) {
    return this.add(column, this.let(this.lanes.multiply(a, b)))
  }

  /** The products of an even number of values below 2^32 by a constant. */
  multiplyConstant(values, constant) {
    const shift = Math.log2(constant)
    if (Number.isInteger(shift)) return values.map((value) => this.let(this.lanes.shiftLeft(value, shift)))
    if (this.lanes !== PAIR) return values.map((value) => this.let(this.lanes.multiply(value, constant)))
    return range(0, values.length / 2).flatMap((i) => {
      const packed = this.let(PAIR.pack(values[2 * i], values[2 * i + 1]))
      return PAIR.multiplyPacked(packed, constant).map((product) => this.let(product))
    })
  }

  /** value·constant for any value, in shifts and additions. */
  multiplyWide(value, constant) {
    let sum
    for (let bit = 0; constant >> bit > 0; bit++) {
      if ((constant >> bit) & 1) sum = this.add(sum, bit === 0 ? value : this.let(this.lanes.shiftLeft(value, bit)))
    }
    return sum
  }

  schoolbook(a, b) {
    const columns = new Array(a.length + b.length - 1)
    for (const i of a.keys()) for (const j of b.keys()) columns[i + j] = this.multiplyAdd(columns[i + j], a[i], b[j])
    return columns
  }

  square(a) {
    const doubled = a.slice(0, -1).map((limb) => this.addLimbs(limb, limb))
    const columns = new Array(2 * a.length - 1)
    for (const i of a.keys()) {
      columns[2 * i] = this.multiplyAdd(columns[2 * i], a[i], a[i])
      for (let j = i + 1; j < a.length; j++) columns[i + j] = this.multiplyAdd(columns[i + j], doubled[i], a[j])
    }
    return columns
  }

  /**
   * Six 3×3 products in place of nine: x_i·y_j + x_j·y_i = (x_i + x_j)(y_i + y_j) − x_i·y_i − x_j·y_j. Sums of limbs
   * must stay below 2^32; columns may wrap in between, since what they add up to does not.
   */
  karatsuba(a, b) {
    const [a0, a1, a2] = [0, 3, 6].map((i) => a.slice(i, i + 3))
    const [b0, b1, b2] = [0, 3, 6].map((i) => b.slice(i, i + 3))
    const sum = (x, y) => x.map((limb, i) => this.addLimbs(limb, y[i]))
    const [z0, z1, z2] = [this.schoolbook(a0, b0), this.schoolbook(a1, b1), this.schoolbook(a2, b2)]
    const cross = (xi, xj, yi, yj, zi, zj) =>
      this.schoolbook(sum(xi, xj), sum(yi, yj)).map((m, k) => this.subtract(this.subtract(m, zi[k]), zj[k]))
    const z02 = cross(a0, a2, b0, b2, z0, z2).map((m, k) => this.add(m, z1[k]))
    const parts = [z0, cross(a0, a1, b0, b1, z0, z1), z02, cross(a1, a2, b1, b2, z1, z2), z2]
    const columns = new Array(2 * LIMBS - 1)
    parts.forEach((part, block) => {
      part.forEach((value, k) => (columns[3 * block + k] = this.add(columns[3 * block + k], value)))
    })
    return columns
  }

  /**
   * Carries columns below 2^63 into each other, the last one of `topBits` bits, in two chains that do not wait for each
   * other: the upper one begins with what lies above the 29 bits of the column below it, and the lower one ends with a
   * carry below 2^7, which stays in the upper one's first limb.
   */
  carryThrough(columns, topBits = BITS) {
    const middle = columns.length >> 1
    const limbs = []
    const chain = (from, to, carriedIn) => {
      let carry = carriedIn
      for (const i of range(from, to)) {
        const value = this.add(columns[i], carry)
        const width = i === columns.length - 1 ? topBits : BITS
        limbs[i] = this.mask(value, width)
        carry = this.shiftRight(value, width)
      }
      return carry
    }
    const carry = chain(middle, columns.length, this.shiftRight(columns[middle - 1], BITS))
    columns[middle - 1] = this.mask(columns[middle - 1])
    limbs[middle] = this.add(limbs[middle], chain(0, middle))
    return { limbs, carry }
  }

  /**
   * Seventeen columns modulo 2^k − c, to nine limbs: carries through the high half, folds it with 2^261 ≡ 2^(261−k)·c,
   * then carries once through the low half and folds what left it with 2^k ≡ c. The limbs come out below 2^29, but for
   * limb 2, which stays below 2^29 + 2^14, and limb 4 below 2^29 + 2^7; the top limb has no more than k − 232 bits.
   */
  reducePseudoMersenne(columns, { k, fold, foldHigh }) {
    const top = k - BITS * (LIMBS - 1)
    const low = columns.slice(0, LIMBS)
    const carriedHigh = this.carryThrough(columns.slice(LIMBS))
    const high = [...carriedHigh.limbs, carriedHigh.carry]

    let overflow
    for (const [offset, constant] of foldHigh.entries()) {
      // The ninth limb goes with itself.
      const values = this.multiplyConstant(high.length % 2 === 0 ? high : [...high, high.at(-1)], constant)
      for (const i of high.keys()) {
        if (i + offset < LIMBS) low[i + offset] = this.add(low[i + offset], values[i])
        else overflow = values[i]
      }
    }

    const { limbs, carry: lowCarry } = this.carryThrough(low, top)
    let carry = lowCarry
    if (overflow !== undefined) carry = this.add(carry, this.let(this.lanes.shiftLeft(overflow, BITS - top)))
    for (const [offset, constant] of fold.entries()) {
      limbs[offset] = this.add(limbs[offset], this.multiplyWide(carry, constant))
    }
    for (const i of [0, 1]) {
      carry = this.shiftRight(limbs[i], BITS)
      limbs[i] = this.mask(limbs[i])
      limbs[i + 1] = this.add(limbs[i + 1], carry)
    }
    return limbs
  }

  /** Montgomery's product a·b/2^261, one limb of a at a time; below a·b/2^261 + modulus. */
  montgomery(a, b, modulus) {
    const limbs = range(0, LIMBS).map((i) => (modulus >> BigInt(BITS * i)) & MASK)
    const negativeInverse = -inverseOfOdd(modulus) & MASK
    let columns = new Array(LIMBS).fill(undefined)
    for (const i of a.keys()) {
      const sums = columns.map((column, j) => this.multiplyAdd(column, a[i], b[j]))
      const quotient = this.mask(this.let(`${sums[0]} * ${hex(negativeInverse)}`))
      const added = sums.map((sum, j) =>
        limbs[j] === 0n ? sum : this.add(sum, this.let(`${quotient} * ${hex(limbs[j])}`)),
      )
      added[1] = this.add(added[1], this.shiftRight(added[0], BITS))
      columns = [...added.slice(1), undefined]
    }
    const out = []
    let carry
    for (const i of range(0, LIMBS)) {
      const value = this.add(columns[i], carry)
      out.push(i === LIMBS - 1 ? value : this.mask(value))
      carry = this.shiftRight(value, BITS)
    }
    return out
  }

  function(name, parameters, doc, result) {
    const body = [...this.lines, ...this.lanes.store('r', result)].map((line) => `  ${line}`)
    const list = ['r', ...parameters].map((parameter) => `${parameter}: usize`).join(', ')
    return `/** ${doc} */\nexport function ${name}(${list}): void {\n${body.join('\n')}\n}\n`
  }
}

/** The inverse of an odd number modulo 2^64, by Newton's iteration. */
function inverseOfOdd(odd) {
  let inverse = 1n
  for (let i = 0; i < 6; i++) inverse = BigInt.asUintN(64, inverse * (2n - odd * inverse))
  return inverse
}

function fieldSource(prime) {
  const parts = []
  for (const lanes of [SINGLE, PAIR]) {
    const product = new Body(lanes)
    const [a, b] = [product.load('a'), product.load('b')]
    const columns = lanes === PAIR ? product.karatsuba(a, b) : product.schoolbook(a, b)
    const doc = lanes === PAIR ? 'in both lanes' : 'of one element'
    parts.push(
      product.function(
        `multiply${lanes.name}`,
        ['a', 'b'],
        `r = a·b, ${doc}.`,
        product.reducePseudoMersenne(columns, prime),
      ),
    )
    const square = new Body(lanes)
    const squared = square.reducePseudoMersenne(square.square(square.load('a')), prime)
    parts.push(square.function(`square${lanes.name}`, ['a'], `r = a², ${doc}.`, squared))
  }
  return parts.join('\n')
}

function orderSource(modulus) {
  const body = new Body(SINGLE)
  const product = body.montgomery(body.load('a'), body.load('b'), modulus)
  return body.function('montgomery', ['a', 'b'], 'r = a·b/2^261, below a·b/2^261 + the order.', product)
}

/** 2^256 − 2^32 − 977, so that 2^261 ≡ 2^5·977 + 2^8·2^29. */
const SECP256K1_FIELD = { k: 256, fold: [977, 1 << 3], foldHigh: [977 << 5, 1 << 8] }
/** 2^255 − 19, so that 2^261 ≡ 2^6·19. */
const ED25519_FIELD = { k: 255, fold: [19], foldHigh: [19 << 6] }
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const ED25519_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n

const HEADER = '// Generated by scripts/generate-field.mjs; do not edit. Bounds of inputs: field/lanes.ts.\n\n'

const FILES = {
  'secp256k1.gen.ts': fieldSource(SECP256K1_FIELD),
  'ed25519.gen.ts': fieldSource(ED25519_FIELD),
  'secp256k1-order.gen.ts': orderSource(SECP256K1_ORDER),
  'ed25519-order.gen.ts': orderSource(ED25519_ORDER),
}

for (const [name, text] of Object.entries(FILES)) {
  writeFileSync(new URL(`../assembly/field/${name}`, import.meta.url), HEADER + text)
}
