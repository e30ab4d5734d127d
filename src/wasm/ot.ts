import { wipe } from '../util/bytes.ts'

/** The exports of assembly/ot; all of them take places in the arena that {@link OtExports.otArena} gives. */
export interface OtExports {
  readonly memory: WebAssembly.Memory
  otArena(): number
  otArenaBytes(): number
  voleGadgets(labels: number, setId: number, out: number): void
  voleStart(
    labels: number,
    vsid: number,
    gadgets: number,
    seeds: number,
    choices: number,
    message: number,
    rows: number,
    chi: number,
  ): void
  voleMultiply(
    labels: number,
    vsid: number,
    gadgets: number,
    seeds: number,
    delta: number,
    message: number,
    inputs: number,
    answer: number,
    shares: number,
  ): number
  voleFinish(
    labels: number,
    vsid: number,
    gadgets: number,
    rows: number,
    choices: number,
    answer: number,
    shares: number,
  ): number
}

/** How a call ended; assembly/memory.ts and assembly/ot/memory.ts. */
export type OtStatus = 'ok' | 'invalid' | 'cheat'

const STATUS: Readonly<Record<number, OtStatus>> = { 0: 'ok', 1: 'invalid', 3: 'cheat' }

/** The arguments of one call, one after the other in the arena. */
class Frame {
  readonly #memory: Uint8Array
  readonly #end: number
  #next: number

  constructor(exports: OtExports) {
    const start = exports.otArena()
    this.#memory = new Uint8Array(exports.memory.buffer, 0, start + exports.otArenaBytes())
    this.#end = this.#memory.length
    this.#next = start
  }

  /** The place of `length` bytes. */
  reserve(length: number): number {
    const at = this.#next
    // Vectors are loaded from here: sixteen bytes apart.
    this.#next = at + ((length + 15) & ~15)
    if (this.#next > this.#end) throw new RangeError('the arguments do not fit into the arena')
    return at
  }

  put(bytes: Uint8Array): number {
    const at = this.reserve(bytes.length)
    this.#memory.set(bytes, at)
    return at
  }

  take(at: number, length: number): Uint8Array {
    return this.#memory.slice(at, at + length)
  }

  wipe(start: number): void {
    wipe(this.#memory.subarray(start, this.#next))
  }
}

/** Runs one call and wipes its arguments and results from wasm memory. */
function framed<T>(exports: OtExports, call: (frame: Frame) => T): T {
  const frame = new Frame(exports)
  try {
    return call(frame)
  } finally {
    frame.wipe(exports.otArena())
  }
}

function statusOf(code: number): OtStatus {
  const status = STATUS[code]
  if (status === undefined) throw new RangeError(`unknown status ${code}`)
  return status
}

/** The vector g of a share set: `count` numbers of 32 bytes. */
export function voleGadgets(exports: OtExports, labels: Uint8Array, setId: Uint8Array, count: number): Uint8Array {
  return framed(exports, (frame) => {
    const out = frame.reserve(32 * count)
    exports.voleGadgets(frame.put(labels), frame.put(setId), out)
    return frame.take(out, 32 * count)
  })
}

/** Bob's message, rows and χ; `sizes` are the bytes of the first two. */
export function voleStart(
  exports: OtExports,
  labels: Uint8Array,
  input: {
    readonly vsid: Uint8Array
    readonly gadgets: Uint8Array
    readonly seeds: Uint8Array
    readonly choices: Uint8Array
  },
  sizes: { readonly message: number; readonly rows: number },
): { message: Uint8Array; rows: Uint8Array; chi: Uint8Array } {
  return framed(exports, (frame) => {
    const message = frame.reserve(sizes.message)
    const rows = frame.reserve(sizes.rows)
    const chi = frame.reserve(32)
    exports.voleStart(
      frame.put(labels),
      frame.put(input.vsid),
      frame.put(input.gadgets),
      frame.put(input.seeds),
      frame.put(input.choices),
      message,
      rows,
      chi,
    )
    return { message: frame.take(message, sizes.message), rows: frame.take(rows, sizes.rows), chi: frame.take(chi, 32) }
  })
}

/** Alice's answer of `size` bytes and her shares c_0 ‖ c_1. */
export function voleMultiply(
  exports: OtExports,
  labels: Uint8Array,
  input: {
    readonly vsid: Uint8Array
    readonly gadgets: Uint8Array
    readonly seeds: Uint8Array
    readonly delta: Uint8Array
    readonly message: Uint8Array
    readonly inputs: Uint8Array
  },
  size: number,
): { status: OtStatus; answer: Uint8Array; shares: Uint8Array } {
  return framed(exports, (frame) => {
    const answer = frame.reserve(size)
    const shares = frame.reserve(64)
    const status = exports.voleMultiply(
      frame.put(labels),
      frame.put(input.vsid),
      frame.put(input.gadgets),
      frame.put(input.seeds),
      frame.put(input.delta),
      frame.put(input.message),
      frame.put(input.inputs),
      answer,
      shares,
    )
    return { status: statusOf(status), answer: frame.take(answer, size), shares: frame.take(shares, 64) }
  })
}

/** Bob's shares d_0 ‖ d_1. */
export function voleFinish(
  exports: OtExports,
  labels: Uint8Array,
  input: {
    readonly vsid: Uint8Array
    readonly gadgets: Uint8Array
    readonly rows: Uint8Array
    readonly choices: Uint8Array
    readonly answer: Uint8Array
  },
): { status: OtStatus; shares: Uint8Array } {
  return framed(exports, (frame) => {
    const shares = frame.reserve(64)
    const status = exports.voleFinish(
      frame.put(labels),
      frame.put(input.vsid),
      frame.put(input.gadgets),
      frame.put(input.rows),
      frame.put(input.choices),
      frame.put(input.answer),
      shares,
    )
    return { status: statusOf(status), shares: frame.take(shares, 64) }
  })
}
