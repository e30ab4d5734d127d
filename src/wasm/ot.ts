import { dropCore, type OtExports, sharedCore } from './instance.ts'

/** How a call ended; assembly/memory.ts and assembly/ot/memory.ts. */
export type OtStatus = 'ok' | 'invalid' | 'undefined' | 'cheat'

const STATUS: Readonly<Record<number, OtStatus>> = { 0: 'ok', 1: 'invalid', 2: 'undefined', 3: 'cheat' }

/** Vectors are loaded from inputs and results: sixteen bytes apart. */
const align = (length: number): number => (length + 15) & -16

const SCALAR = 32
const POINT = 64
const UNIFORM = 96
/** What one call of {@link hashToCurve} takes. */
const BATCH = 256

/**
 * Runs an export on copies of the inputs, like `call` of call.ts, in the arena of oblivious transfer.
 *
 * @param run calls the export: gets the offset of the result, then those of the inputs
 */
function callOt(
  resultLength: number,
  inputs: readonly Uint8Array[],
  run: (ot: OtExports, result: number, ...offsets: number[]) => number | void,
): { readonly status: OtStatus; readonly bytes: Uint8Array } {
  const { ot, memory } = sharedCore()
  const arena = ot.otArena()
  const offsets: number[] = []
  let end = arena + align(resultLength)
  for (const input of inputs) {
    offsets.push(end)
    end += align(input.length)
  }
  if (end > arena + ot.otArenaBytes()) throw new RangeError(`${end - arena} bytes do not fit in the arena`)

  let hasReturned = false
  try {
    for (const [i, input] of inputs.entries()) memory.set(input, offsets[i])
    const status = STATUS[run(ot, arena, ...offsets) ?? 0]
    if (status === undefined) throw new RangeError('an unknown status')
    hasReturned = true
    return { status, bytes: memory.slice(arena, arena + resultLength) }
  } finally {
    if (hasReturned) memory.fill(0, arena, end)
    else dropCore()
  }
}

/** The vector g of a share set: `count` numbers of 32 bytes. */
export function voleGadgets(labels: Uint8Array, setId: Uint8Array, count: number): Uint8Array {
  return callOt(SCALAR * count, [labels, setId], (ot, out, labelsAt, setIdAt) => ot.voleGadgets(labelsAt, setIdAt, out))
    .bytes
}

/** What the parties of a multiplication share, and the bytes of its messages. */
export interface VoleInput {
  readonly labels: Uint8Array
  readonly vsid: Uint8Array
  readonly gadgets: Uint8Array
}

/** Bob's message, rows and χ; `sizes` are the bytes of the first two, multiples of 16. */
export function voleStart(
  { labels, vsid, gadgets }: VoleInput,
  seeds: Uint8Array,
  choices: Uint8Array,
  sizes: { readonly message: number; readonly rows: number },
): { readonly message: Uint8Array; readonly rows: Uint8Array; readonly chi: Uint8Array } {
  const { message, rows } = sizes
  const { bytes } = callOt(message + rows + SCALAR, [labels, vsid, gadgets, seeds, choices], (ot, out, ...offsets) =>
    ot.voleStart(...(offsets as [number, number, number, number, number]), out, out + message, out + message + rows),
  )
  try {
    return {
      message: bytes.slice(0, message),
      rows: bytes.slice(message, message + rows),
      chi: bytes.slice(message + rows),
    }
  } finally {
    bytes.fill(0)
  }
}

/** Alice's answer of `size` bytes, a multiple of 16, and her shares c_0 ‖ c_1. */
export function voleMultiply(
  { labels, vsid, gadgets }: VoleInput,
  seeds: Uint8Array,
  delta: Uint8Array,
  message: Uint8Array,
  inputs: Uint8Array,
  size: number,
): { readonly status: OtStatus; readonly answer: Uint8Array; readonly shares: Uint8Array } {
  const all = [labels, vsid, gadgets, seeds, delta, message, inputs]
  const { status, bytes } = callOt(size + 2 * SCALAR, all, (ot, out, ...offsets) =>
    ot.voleMultiply(...(offsets as [number, number, number, number, number, number, number]), out, out + size),
  )
  const shares = bytes.slice(size)
  bytes.fill(0, size)
  return { status, answer: bytes.subarray(0, size), shares }
}

/** Bob's shares d_0 ‖ d_1. */
export function voleFinish(
  { labels, vsid, gadgets }: VoleInput,
  rows: Uint8Array,
  choices: Uint8Array,
  answer: Uint8Array,
): { readonly status: OtStatus; readonly shares: Uint8Array } {
  const all = [labels, vsid, gadgets, rows, choices, answer]
  const { status, bytes } = callOt(2 * SCALAR, all, (ot, out, ...offsets) =>
    ot.voleFinish(...(offsets as [number, number, number, number, number, number]), out),
  )
  return { status, shares: bytes }
}

/** What the three messages of a batch of base OTs are hashed with. */
export interface BaseOtInput {
  /** The SHA-256 of the keys' tag, otSid, and the domain of the hash to the curve, one behind the other. */
  readonly about: Uint8Array
  readonly domainLength: number
}

/** The receiver's message of `size` bytes, a multiple of 16, from 128 exponents and 128 scalars of the other points. */
export function baseOtOffer(
  { about, domainLength }: BaseOtInput,
  choices: Uint8Array,
  scalars: Uint8Array,
  size: number,
): Uint8Array {
  return callOt(size, [about, choices, scalars], (ot, out, aboutAt, choicesAt, scalarsAt) => {
    ot.baseOtOffer(aboutAt, domainLength, choicesAt, scalarsAt, out)
  }).bytes
}

/** The sender's message and its keys; `sizes` are their bytes, multiples of 16. */
export function baseOtAnswer(
  { about, domainLength }: BaseOtInput,
  message: Uint8Array,
  secrets: Uint8Array,
  sizes: { readonly message: number; readonly keys: number },
): { readonly status: OtStatus; readonly message: Uint8Array; readonly keys: Uint8Array } {
  const { status, bytes } = callOt(
    sizes.message + sizes.keys,
    [about, message, secrets],
    (ot, out, aboutAt, messageAt, secretsAt) =>
      ot.baseOtAnswer(aboutAt, domainLength, messageAt, secretsAt, out, out + sizes.message),
  )
  const keys = bytes.slice(sizes.message)
  bytes.fill(0, sizes.message)
  return { status, message: bytes.slice(0, sizes.message), keys }
}

/** The receiver's keys of `size` bytes, of the chosen branches. */
export function baseOtFinish(
  about: Uint8Array,
  choices: Uint8Array,
  exponents: Uint8Array,
  message: Uint8Array,
  reply: Uint8Array,
  size: number,
): { readonly status: OtStatus; readonly keys: Uint8Array } {
  const { status, bytes } = callOt(size, [about, choices, exponents, message, reply], (ot, out, ...offsets) =>
    ot.baseOtFinish(...(offsets as [number, number, number, number, number]), out),
  )
  return { status, keys: bytes }
}

/**
 * Hashes messages of one length to points of secp256k1 as the module stores them, 64 bytes each.
 *
 * @param messages at most 640 bytes each
 * @param domain 1 to 255 bytes
 */
export function hashToCurve(messages: readonly Uint8Array[], domain: Uint8Array): Uint8Array[] {
  const points: Uint8Array[] = []
  for (let first = 0; first < messages.length; first += BATCH) {
    points.push(...hashBatch(messages.slice(first, first + BATCH), domain))
  }
  return points
}

function hashBatch(messages: readonly Uint8Array[], domain: Uint8Array): Uint8Array[] {
  const length = (messages[0] as Uint8Array).length
  // Four messages are hashed at once; zeros stand for what is missing.
  const count = (messages.length + 3) & -4
  const joined = new Uint8Array(count * length)
  for (const [i, message] of messages.entries()) joined.set(message, i * length)
  const uniform = POINT * count
  const { bytes } = callOt(uniform + UNIFORM * count, [joined, domain], (ot, out, joinedAt, domainAt) =>
    ot.hashToCurve(out, out + uniform, joinedAt, length, count, domainAt, domain.length),
  )
  joined.fill(0)
  const points = messages.map((_, i) => bytes.slice(i * POINT, (i + 1) * POINT))
  bytes.fill(0)
  return points
}
