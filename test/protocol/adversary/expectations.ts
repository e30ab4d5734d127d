import { expect } from 'vitest'
import { type AbortReason, ProtocolError } from '../../../src/errors.ts'
import type { Verdict } from '../../support/scripted-party.ts'

// The numbers are those of the attack list in docs/security.md.

export function expectAbort(error: unknown, reason: AbortReason, round: number, blame: readonly number[]): void {
  expect(error).toBeInstanceOf(ProtocolError)
  const { code, ban, retryable } = error as ProtocolError
  expect({ ...(error as ProtocolError), code, ban, retryable }).toMatchObject({
    code: 'PROTOCOL_ABORTED',
    reason,
    round,
    blame,
    ban: false,
    retryable: false,
  })
}

/** A message of this round was too long, and had no effect: the victim neither failed nor said anything more. */
export function expectDropped({ error, sent }: Verdict, round: number): void {
  expect(error).toBeUndefined()
  expect(sent).toContain(1)
  expect(sent.filter((one) => one > round)).toEqual([])
}
