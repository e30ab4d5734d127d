import { isMpcError, type ErrorCode } from '../errors.ts'
import { isArgumentError } from './brand.ts'

/** A check of an implementation, for any test runner. */
export interface ConformanceCheck {
  /** What the implementation must do, for the name of a test. */
  readonly name: string
  /** Runs the check once; rejects if the implementation fails it. */
  run(): Promise<void>
}

/** @throws {Error} with `found` in its message, unless `holds` */
export function check(holds: boolean, found: string): asserts holds {
  if (!holds) throw new Error(`conformance: ${found}`)
}

/** Asserts that a call fails with one of these codes. */
export async function fails(codes: ErrorCode | readonly ErrorCode[], call: Promise<unknown>): Promise<void> {
  const error = await rejection(call)
  const expected = [codes].flat()
  check(isMpcError(error, ...expected), `expected ${expected.join(' or ')}, got ${name(error)}`)
}

/** Asserts that a call rejects with a `TypeError` or `RangeError`. */
export async function refusesArguments(call: Promise<unknown>): Promise<void> {
  const error = await rejection(call)
  check(isArgumentError(error), `expected an argument error, got ${name(error)}`)
}

/**
 * Asserts that exactly one of several calls succeeds, and that the others fail with `code`.
 *
 * @returns the index of the call that succeeded, and its result
 */
export async function onlyWinner<T>(
  code: ErrorCode,
  calls: readonly Promise<T>[],
): Promise<{ index: number; value: T }> {
  const results = await Promise.allSettled(calls)
  const won = results.flatMap((result, index) =>
    result.status === 'fulfilled' ? [{ index, value: result.value }] : [],
  )
  for (const result of results) if (result.status === 'rejected') await fails(code, Promise.reject(result.reason))
  check(won.length === 1 && won[0] !== undefined, `${won.length} of ${calls.length} calls succeeded, not one`)
  return won[0]
}

async function rejection(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('conformance: a call succeeded that must fail')
}

function name(error: unknown): string {
  return isMpcError(error) ? error.code : String(error)
}
