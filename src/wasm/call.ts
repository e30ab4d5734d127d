import { lengthOf } from '../util/bytes.ts'
import { dropCore, sharedCore, type CurveExports, type Parts } from './instance.ts'

/** What an export returned. */
export interface Result {
  /** A `Status` of instance.ts. */
  readonly status: number
  /** The bytes that the export wrote. Undefined content unless the status is `Status.ok`. */
  readonly bytes: Uint8Array
}

/** Bytes, or several byte strings that are concatenated. */
export type Input = Uint8Array | readonly Uint8Array[]

/** Calls an export with the offset of the result and those of the inputs. Returns the status, if there is one. */
export type Run<Exports = CurveExports> = (core: Exports, result: number, ...offsets: number[]) => number | void

/** Inputs and result start at multiples of 16 bytes, so that SIMD vectors are aligned. */
const ALIGNMENT = 16

const align = (offset: number): number => (offset + ALIGNMENT - 1) & -ALIGNMENT

const pieces = (input: Input) => (Array.isArray(input) ? (input as readonly Uint8Array[]) : [input as Uint8Array])

/**
 * Runs an export on copies of the inputs. The inputs are copied into the arena, after the space for the result. The result
 * is copied out, and then everything in the arena is wiped, also if the export traps.
 *
 * @param part whose export is run, in its arena
 * @param resultLength in bytes
 * @throws {TypeError} if an input is not bytes
 * @throws {RangeError} if inputs and result do not fit in the arena
 */
export function callModule<Name extends keyof Parts>(
  part: Name,
  resultLength: number,
  inputs: readonly Input[],
  run: Run<Parts[Name]['exports']>,
): Result {
  const core = sharedCore()
  const { memory } = core
  const { exports, arena, arenaBytes } = core.parts[part]
  const offsets: number[] = []
  let end = arena + align(resultLength)
  for (const input of inputs) {
    offsets.push(end)
    for (const piece of pieces(input)) end += lengthOf(piece, 'an input')
    end = align(end)
  }
  if (end > arena + arenaBytes) throw new RangeError(`inputs and result do not fit in ${arenaBytes} bytes`)
  let hasReturned = false
  try {
    for (const [i, input] of inputs.entries()) {
      let at = offsets[i] as number
      for (const piece of pieces(input)) {
        memory.set(piece, at)
        at += lengthOf(piece, 'an input')
      }
    }
    const status = run(exports, arena, ...offsets) ?? 0
    hasReturned = true
    return { status, bytes: memory.slice(arena, arena + resultLength) }
  } finally {
    memory.fill(0, arena, end)
    if (!hasReturned) dropCore()
  }
}
