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
  const limit = arena + arenaBytes
  const offsets: number[] = []
  assertFits(arena + resultLength, limit)
  let end = arena + align(resultLength)
  const copy = (piece: Uint8Array): void => {
    const next = end + lengthOf(piece, 'an input')
    assertFits(next, limit)
    memory.set(piece, end)
    end = next
  }
  let isRunning = false
  try {
    for (const input of inputs) {
      offsets.push(end)
      if (Array.isArray(input)) for (const piece of input as readonly Uint8Array[]) copy(piece)
      else copy(input as Uint8Array)
      end = align(end)
    }
    isRunning = true
    const status = run(exports, arena, ...offsets) ?? 0
    isRunning = false
    return { status, bytes: memory.slice(arena, arena + resultLength) }
  } finally {
    memory.fill(0, arena, end)
    if (isRunning) dropCore()
  }
}

function assertFits(end: number, limit: number): void {
  if (end > limit) throw new RangeError('inputs and result do not fit in the memory of a call')
}
