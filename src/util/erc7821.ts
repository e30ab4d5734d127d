// Batches of calls by ERC-7821, which an account with code executes (EIP-7702). In hex, without any library of Ethereum.

type Hex = `0x${string}`

/** One call of a batch. */
export interface BatchCall {
  /** The recipient: 20 bytes in hex. The zero address is the account itself. */
  readonly to: Hex
  /** In wei. */
  readonly value: bigint
  /** The call data. */
  readonly data: Hex
}

/** A batch of calls without more data, all of which revert if one does. */
export const BATCH_MODE = `0x01${'00'.repeat(31)}` as const

/** `execute(bytes32,bytes)` */
export const EXECUTE_SELECTOR = '0xe9ae5c53'

/** The most calls of a batch that is decoded. */
export const BATCH_CALLS_MAX = 256

/** The hex digits of one word of the ABI. */
const WORD = 64

const word = (value: number | bigint): string => value.toString(16).padStart(WORD, '0')

/** The call data of `execute` for a batch, in the canonical form of the ABI. @param calls with addresses and data in hex of any case */
export function encodeBatch(calls: readonly BatchCall[]): Hex {
  const tuples = calls.map(encodeCall)
  let offset = calls.length * 32
  const offsets = tuples.map((tuple) => {
    const own = offset
    offset += tuple.length / 2
    return word(own)
  })
  const list = [word(0x20), word(calls.length), ...offsets, ...tuples].join('')
  return `${EXECUTE_SELECTOR}${BATCH_MODE.slice(2)}${word(0x40)}${word(list.length / 2)}${list}`
}

function encodeCall({ to, value, data }: BatchCall): string {
  const bytes = data.slice(2).toLowerCase()
  const padded = bytes.padEnd(Math.ceil(bytes.length / WORD) * WORD, '0')
  return [to.slice(2).toLowerCase().padStart(WORD, '0'), word(value), word(0x60), word(bytes.length / 2), padded].join(
    '',
  )
}

/** Whether call data is one of `execute`. */
export function isExecute(data: string): boolean {
  return data.slice(0, EXECUTE_SELECTOR.length).toLowerCase() === EXECUTE_SELECTOR
}

/**
 * Decodes the call data of `execute`, if it is a batch in the only form that {@link encodeBatch} writes.
 *
 * @param data whole bytes in hex that begin with the selector
 * @returns 1 to 256 calls in lower case; in words why it is no such batch
 */
export function decodeBatch(data: string): readonly BatchCall[] | string {
  const text = data.toLowerCase()
  const at = (index: number): string => {
    const from = EXECUTE_SELECTOR.length + index * WORD
    return text.slice(from, from + WORD)
  }
  if (`0x${at(0)}` !== BATCH_MODE) return 'its mode is none of a batch that reverts as a whole and has no opData'
  // A list alone; with opData it would be a pair of a list and bytes.
  if (at(3) === word(0x40)) return 'the batch has opData'
  const count = numberOf(at(4))
  if (count === 0) return 'the batch has no calls'
  if (count > BATCH_CALLS_MAX) return `the batch has more than ${BATCH_CALLS_MAX} calls`
  const calls: BatchCall[] = []
  let index = 5 + count
  for (let i = 0; i < count; i++) {
    const length = numberOf(at(index + 3))
    const from = EXECUTE_SELECTOR.length + (index + 4) * WORD
    // Beyond the end, everything is cut off, and what is written again differs.
    if (from + 2 * length > text.length) return NOT_CANONICAL
    const to = at(index).slice(-40)
    calls.push({ to: `0x${to}`, value: BigInt(`0x${at(index + 1)}`), data: `0x${text.slice(from, from + 2 * length)}` })
    index += 4 + Math.ceil(length / 32)
  }
  // Whatever was read leniently is written in one way: offsets, padding, bytes left over, addresses of more than 20 bytes.
  return encodeBatch(calls) === text ? calls : NOT_CANONICAL
}

const NOT_CANONICAL = 'the batch is not in the canonical form of the ABI'

/** The number in a word; more than any length for one that is cut off, or too large. */
function numberOf(digits: string): number {
  return digits.length === WORD && /^0{56}/.test(digits) ? parseInt(digits, 16) : Number.MAX_SAFE_INTEGER
}
