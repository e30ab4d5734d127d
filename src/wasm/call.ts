import type { Curve } from '../types.ts'
import { lengthOf } from '../util/bytes.ts'
import { dropCore, sharedCore, type CurveExports } from './instance.ts'

/** A status, and the bytes that the export wrote; they mean nothing unless the status is `Status.ok`. */
export interface Result {
  readonly status: number
  readonly bytes: Uint8Array
}

/** Bytes, or several that are to lie one behind the other. */
export type Input = Uint8Array | readonly Uint8Array[]

/** Calls an export: gets the offset of the result, then those of the inputs; returns the status if there is one. */
export type Run = (core: CurveExports, result: number, ...offsets: number[]) => number | void

/** Inputs and result begin at multiples of this, so that vectors are aligned. */
const ALIGNMENT = 16

const align = (offset: number): number => (offset + ALIGNMENT - 1) & -ALIGNMENT

const parts = (input: Input) => (Array.isArray(input) ? (input as readonly Uint8Array[]) : [input as Uint8Array])

/**
 * Runs an export on copies of the inputs: lays them into the arena behind the place of the result, hands over where they
 * lie, copies the result out, and wipes all of it, also where the export traps.
 *
 * @throws {TypeError} if an input is not bytes
 * @throws {RangeError} if inputs and result do not fit in the arena
 */
export function call(curve: Curve, resultLength: number, inputs: readonly Input[], run: Run): Result {
  const { curves, memory, arena, arenaBytes } = sharedCore()
  const offsets: number[] = []
  const room = arena + arenaBytes
  let end = arena + align(resultLength)
  let hasReturned = false
  try {
    for (const input of inputs) {
      offsets.push(end)
      for (const part of parts(input)) {
        const length = lengthOf(part, 'an input')
        if (end + length > room) throw new RangeError(`inputs and result do not fit in ${arenaBytes} bytes`)
        memory.set(part, end)
        end += length
      }
      end = align(end)
    }
    const status = run(curves[curve], arena, ...offsets) ?? 0
    hasReturned = true
    return { status, bytes: memory.slice(arena, arena + resultLength) }
  } finally {
    memory.fill(0, arena, Math.min(end, room))
    if (!hasReturned) dropCore()
  }
}
