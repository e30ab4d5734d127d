import type { Group, Point } from '../../curve/group.ts'
import { PURPOSE_CODES, ROLE_CODES } from '../../key-share/codes.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose, Role } from '../../types.ts'
import { concatBytes } from '../../util/bytes.ts'
import type { SharingHasher } from './environment.ts'
import { type ProtocolName, PROTOCOLS, SUITES } from '../transcript/tags.ts'

const VERSION = 1

/** Who takes part, by participant number: ids in the old and in the new set. */
export interface ContextParticipant {
  readonly dealer?: PartyId
  readonly receiver?: { readonly id: PartyId; readonly role: Role }
}

/** All that the participants of a session agree on beforehand. */
export interface Context {
  readonly protocol: ProtocolName
  readonly group: Group
  readonly walletId: Uint8Array
  readonly old?: ShareSetRecord
  readonly purpose: Purpose
  readonly threshold: number
  readonly participants: readonly ContextParticipant[]
  readonly flags: number
}

/**
 * `CTX = TH("ctx", suite, protocol, version, walletId, purpose, n', t', participants, flags, old set)`: 32 bytes.
 *
 * A participant is `dealer id u8 | receiver id u8 | role u8`, zero for what it is not. The old set is empty, or its
 * id, purpose, n, t, `(id u8 | role u8 | Y_i)` of every party, public key and chain code.
 */
export function contextHash(hash: SharingHasher, context: Context): Uint8Array {
  const { protocol, group, walletId, old, purpose, threshold, participants, flags } = context
  const receivers = participants.filter(({ receiver }) => receiver !== undefined)
  return hash(
    'ctx',
    SUITES[group.curve],
    PROTOCOLS[protocol],
    VERSION,
    walletId,
    PURPOSE_CODES[purpose],
    receivers.length,
    threshold,
    participants.map(({ dealer, receiver }) =>
      Uint8Array.of(dealer ?? 0, receiver?.id ?? 0, receiver === undefined ? 0 : ROLE_CODES[receiver.role]),
    ),
    flags,
    old === undefined ? [] : oldSet(group, old),
  )
}

function oldSet(group: Group, old: ShareSetRecord): Uint8Array[] {
  const points = group.encodePoints([...old.parties.map((party) => party.verifyingShare), old.publicKey] as Point[])
  return [
    old.setId,
    Uint8Array.of(PURPOSE_CODES[old.purpose], old.parties.length, old.threshold),
    ...old.parties.map(({ id, role }, i) => concatBytes(Uint8Array.of(id, ROLE_CODES[role]), points[i] as Uint8Array)),
    points[old.parties.length] as Uint8Array,
    old.chainCode,
  ]
}
