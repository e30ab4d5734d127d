import { expect } from 'vitest'
import { ProtocolError } from '../../../../src/errors.ts'
import { decodeEnvelope, encodeEnvelope, type Envelope } from '../../../../src/protocol/session/envelope.ts'
import type { SigningResult } from '../../../../src/protocol/frost/session.ts'
import type { Session } from '../../../../src/protocol/session/session.ts'

export type Signing = Session<SigningResult>

/** Carries every envelope to every party until nothing moves; `deliver` may tamper, multiply, drop and reorder. */
export function run(
  parties: readonly Signing[],
  deliver: (envelopes: readonly Uint8Array[]) => readonly Uint8Array[] = (envelopes) => envelopes,
): (SigningResult | undefined)[] {
  const results: (SigningResult | undefined)[] = parties.map(() => undefined)
  let wire = parties.flatMap((party) => [...party.start().out])
  while (wire.length > 0) {
    const arriving = deliver(wire)
    wire = []
    for (const [i, party] of parties.entries()) {
      if (results[i] !== undefined) continue
      for (const envelope of arriving) party.receive(envelope)
      const { out, done } = party.advance()
      wire.push(...out)
      results[i] = done
    }
  }
  return results
}

export function abortOf(run: () => unknown): Pick<ProtocolError, 'reason' | 'round' | 'blame'> {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    const { code, reason, round, blame } = error as ProtocolError
    expect(code).toBe('PROTOCOL_ABORTED')
    return { reason, round, blame }
  }
  throw new Error('nothing was thrown')
}

/** The same envelope with something changed. */
export function altered(envelope: Uint8Array, change: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({ ...decodeEnvelope(envelope), ...change })
}
