import { callModule, type Input, type Run } from './call.ts'
import { CallStatus, type OtExports } from './instance.ts'

/** What an export found of its input. */
export type OtStatus = keyof typeof CallStatus

const STATUSES = Object.keys(CallStatus) as OtStatus[]

const SCALAR = 32
const HASH = 32
const POINT = 64
const UNIFORM = 96
/** Maximum number of messages in one call of the module's `hashToCurve`. */
const BATCH = 256

/** {@link callModule} of an export of oblivious transfer, with the name of its status. */
function callOt(
  resultLength: number,
  inputs: readonly Input[],
  run: Run<OtExports>,
): { readonly status: OtStatus; readonly bytes: Uint8Array } {
  const { status, bytes } = callModule('ot', resultLength, inputs, run)
  const name = STATUSES.find((known) => CallStatus[known] === status)
  if (name !== undefined) return { status: name, bytes }
  bytes.fill(0)
  throw new RangeError('an unknown status')
}

/** Bob's message, rows and transcript. `sizes` are the lengths in bytes of the first two, multiples of 16. */
export function voleStart(
  labels: Uint8Array,
  esid: Uint8Array,
  seeds: Uint8Array,
  choices: Uint8Array,
  sizes: { readonly message: number; readonly rows: number },
): { readonly message: Uint8Array; readonly rows: Uint8Array; readonly transcript: Uint8Array } {
  const { message, rows } = sizes
  const { bytes } = callOt(message + rows + HASH, [labels, esid, seeds, choices], (ot, out, ...offsets) =>
    ot.voleStart(...(offsets as [number, number, number, number]), out, out + message, out + message + rows),
  )
  try {
    return {
      message: bytes.slice(0, message),
      rows: bytes.slice(message, message + rows),
      transcript: bytes.slice(message + rows),
    }
  } finally {
    bytes.fill(0)
  }
}

/** Alice's response of `size` bytes, a multiple of 16, and her shares t_0 ‖ t_1. */
export function voleMultiply(
  inputs: {
    readonly labels: Uint8Array
    readonly esid: Uint8Array
    readonly vsid: Uint8Array
    readonly seeds: Uint8Array
    readonly delta: Uint8Array
    readonly message: Uint8Array
    readonly factors: Input
  },
  size: number,
): { readonly status: OtStatus; readonly response: Uint8Array; readonly shares: Uint8Array } {
  const { labels, esid, vsid, seeds, delta, message, factors } = inputs
  const all = [labels, esid, vsid, seeds, delta, message, factors]
  const { status, bytes } = callOt(size + 2 * SCALAR, all, (ot, out, ...offsets) =>
    ot.voleMultiply(...(offsets as [number, number, number, number, number, number, number]), out, out + size),
  )
  const shares = bytes.slice(size)
  bytes.fill(0, size)
  return { status, response: bytes.subarray(0, size), shares }
}

/** Bob's β ‖ r_0 ‖ r_1. */
export function voleFinish(
  labels: Uint8Array,
  vsid: Uint8Array,
  rows: Uint8Array,
  choices: Uint8Array,
  transcript: Uint8Array,
  response: Uint8Array,
): { readonly status: OtStatus; readonly results: Uint8Array } {
  const all = [labels, vsid, rows, choices, transcript, response]
  const { status, bytes } = callOt(3 * SCALAR, all, (ot, out, ...offsets) =>
    ot.voleFinish(...(offsets as [number, number, number, number, number, number]), out),
  )
  return { status, results: bytes }
}

/** The inputs of all hashes of the base OTs. */
export interface BaseOtInput {
  /** `batchTagDigests()` */
  readonly labels: Uint8Array
  /** 32 bytes */
  readonly otSid: Uint8Array
  /** The domain separation tag of the hash to the curve. */
  readonly domain: Uint8Array
}

/** Bytes of the keys of 128 transfers. */
const KEYS = 128 * SCALAR
/** Bytes of the rows of 128 transfers. */
const ROWS = 128 * 16
/** Bytes of a point, 33, rounded up to a multiple of 16. */
const Z = 48

/** The offers, `size` bytes, from 128 exponents of 32 bytes and 128 strings of 33 bytes. */
export function baseOtOffer(
  { otSid, domain }: BaseOtInput,
  choices: Uint8Array,
  exponents: Input,
  strings: Uint8Array,
  size: number,
): Uint8Array {
  const inputs = [otSid, domain, choices, exponents, strings]
  return callOt(size, inputs, (ot, out, otSidAt, domainAt, choicesAt, exponentsAt, stringsAt) =>
    ot.baseOtOffer(otSidAt, domainAt, domain.length, choicesAt, exponentsAt, stringsAt, out),
  ).bytes
}

/**
 * The response to offers: z, and the extension in the other direction (`reversed`, `size` bytes, a multiple of 16). Also the
 * pairs of keys of the offered transfers, and the keys from the extension.
 */
export function baseOtRespond(
  { labels, otSid, domain }: BaseOtInput,
  offers: Uint8Array,
  secret: Uint8Array,
  choices: Uint8Array,
  size: number,
): {
  readonly status: OtStatus
  readonly z: Uint8Array
  readonly reversed: Uint8Array
  readonly pairs: Uint8Array
  readonly keys: Uint8Array
} {
  const reversed = Z
  const pairs = reversed + size
  const keys = pairs + 2 * KEYS
  const context = keys + KEYS
  const rows = context + SCALAR
  const { status, bytes } = callOt(
    rows + ROWS,
    [labels, otSid, domain, offers, secret, choices],
    (ot, out, labelsAt, otSidAt, domainAt, offersAt, secretAt, choicesAt) => {
      const [pairsAt, contextAt] = [out + pairs, out + context]
      const status = ot.baseOtRespond(
        ...([labelsAt, otSidAt, domainAt, domain.length, offersAt, secretAt, out, pairsAt, contextAt] as const),
      )
      if (status !== 0) return status
      ot.reversedOtReceive(labelsAt, contextAt, pairsAt, choicesAt, out + reversed, out + rows, out + keys)
      return 0
    },
  )
  try {
    return {
      status,
      z: bytes.slice(0, 33),
      reversed: bytes.slice(reversed, pairs),
      pairs: bytes.slice(pairs, keys),
      keys: bytes.slice(keys, context),
    }
  } finally {
    bytes.fill(0)
  }
}

/** The keys of the chosen branches of the offered transfers, and the pairs of keys from the extension. */
export function baseOtFinish(
  { labels, otSid }: BaseOtInput,
  choices: Uint8Array,
  exponents: Input,
  offers: Uint8Array,
  z: Uint8Array,
  reversed: Uint8Array,
): { readonly status: OtStatus; readonly keys: Uint8Array; readonly pairs: Uint8Array } {
  const delta = choices.map((byte) => byte ^ 0xff)
  const context = 3 * KEYS
  const { status, bytes } = callOt(
    context + SCALAR,
    [labels, otSid, choices, exponents, offers, z, delta, reversed],
    (ot, out, labelsAt, otSidAt, choicesAt, exponentsAt, offersAt, zAt, deltaAt, reversedAt) => {
      const contextAt = out + context
      const status = ot.baseOtFinish(labelsAt, otSidAt, choicesAt, exponentsAt, offersAt, zAt, out, contextAt)
      if (status !== 0) return status
      return ot.reversedOtSend(labelsAt, contextAt, out, deltaAt, reversedAt, out + KEYS)
    },
  )
  try {
    return { status, keys: bytes.slice(0, KEYS), pairs: bytes.slice(KEYS, context) }
  } finally {
    delta.fill(0)
    bytes.fill(0)
  }
}

/**
 * Hashes messages to points of secp256k1 in the module's representation, 64 bytes each.
 *
 * @param messages of equal length, at most 640 bytes each
 * @param domain the domain separation tag, 1 to 255 bytes
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
  // The module hashes four messages at once: their number is rounded up with zeros.
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
