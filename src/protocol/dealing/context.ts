import type { Group, Point } from '../../curve/group.ts'
import { PURPOSE_CODES, ROLE_CODES } from '../../key-share/codes.ts'
import type { ShareSetRecord } from '../../key-share/types.ts'
import type { PartyId, Purpose, Role } from '../../types.ts'
import { concatBytes } from '../../util/bytes.ts'
import type { SharingHasher } from './environment.ts'
import { type ProtocolName, PROTOCOLS, SUITES } from '../transcript/tags.ts'

const VERSION = 1

/** A participant of a session: as a dealer, as a receiver, or as both. */
export interface ContextParticipant {
  /** Its id in the old set. */
  readonly dealer?: PartyId
  /** Its id and role in the new set. */
  readonly receiver?: { readonly id: PartyId; readonly role: Role }
}

/** Everything that the participants of a session agree on before it starts. */
export interface Context {
  readonly protocol: ProtocolName
  readonly group: Group
  /** 16 bytes */
  readonly walletId: Uint8Array
  /** The set that is dealt from. Absent in a key generation and in an import. */
  readonly old?: ShareSetRecord
  /** The key that an import deals: its public key, encoded, and its chain code, if that is given. */
  readonly imported?: { readonly publicKey: Uint8Array; readonly chainCode: Uint8Array | undefined }
  /** What the new set is for. */
  readonly purpose: Purpose
  /** t', the threshold of the new set */
  readonly threshold: number
  /** By participant number. */
  readonly participants: readonly ContextParticipant[]
  /** Anything else to agree on, as a number below 2^32. */
  readonly flags: number
  /** The same as a hash of 32 bytes. Default: nothing. */
  readonly binding?: Uint8Array | undefined
}

/**
 * `CTX = TH("ctx", suite, protocol, version, walletId, purpose, n', t', participants, flags, old set [, binding])`, 32 bytes.
 *
 * A participant is encoded as `dealer id u8 | receiver id u8 | role u8`, with zeros for a part that it does not take.
 * The old set is an empty list in a key generation. In an import it is public key and chain code, which is empty if the
 * parties draw it. In a reshare it is the set's id, purpose, n, t,
 * `(id u8 | role u8 | Y_i)` of every party, public key and chain code.
 */
export function contextHash(hash: SharingHasher, context: Context): Uint8Array {
  const { protocol, group, walletId, old, imported, purpose, threshold, participants, flags, binding } = context
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
    old === undefined ? importedKey(imported) : oldSet(group, old),
    ...(binding === undefined ? [] : [binding]),
  )
}

function importedKey(imported: Context['imported']): Uint8Array[] {
  return imported === undefined ? [] : [imported.publicKey, imported.chainCode ?? new Uint8Array(0)]
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
