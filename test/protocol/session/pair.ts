import { decodeEnvelope, encodeEnvelope, type Envelope } from '../../../src/protocol/session/envelope.ts'
import type { Session } from '../../../src/protocol/session/session.ts'
import type { KeyShare } from '../../../src/key-share/index.ts'
import { groups } from '../../support/groups.ts'
import { seededRandom } from '../../support/random.ts'
import { keygenSessions, newParties } from '../../support/sets.ts'

export type Pair = [Session<KeyShare>, Session<KeyShare>]

/** The two sessions that make a key, of which the first begins. */
export function pair(): Pair {
  const { group } = groups[0]!
  return keygenSessions({ group, threshold: 2, parties: newParties([1, 2]) }, seededRandom()) as Pair
}

/** An envelope with other fields. */
export function change(envelope: Uint8Array, fields: Partial<Envelope>): Uint8Array {
  return encodeEnvelope({ ...decodeEnvelope(envelope), ...fields })
}
