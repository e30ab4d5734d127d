import { expect } from 'vitest'
import { type AbortReason, MpcError, ProtocolError } from '../../../../src/errors.ts'

export function expectAbort(
  error: unknown,
  reason: AbortReason,
  { blame, ban, round }: { blame: number[]; ban: boolean; round: number },
): void {
  expect(error).toBeInstanceOf(ProtocolError)
  const { reason: given, blame: blamed, ban: banned, round: at } = error as ProtocolError
  expect({ reason: given, blame: blamed, ban: banned, round: at }).toEqual({ reason, blame, ban, round })
}

export function expectCode(run: () => unknown, code: string): void {
  let error: unknown
  try {
    run()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(MpcError)
  expect((error as MpcError).code).toBe(code)
}
