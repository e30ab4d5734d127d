// The tags are defined in src/util, because share records use them too.
export { type Label, tag } from '../../util/tags.ts'

/** The byte of each suite in an envelope. `bip340` is the secp256k1 group with BIP 340 signatures. */
export const SUITES = { secp256k1: 1, ed25519: 2, bip340: 3 } as const
/** A signature suite or curve, by its name in hash tags. */
export type Suite = keyof typeof SUITES

/** The byte of each protocol in an envelope. */
export const PROTOCOLS = { keygen: 1, reshare: 2, frost: 3, 'ecdsa-setup': 4, ecdsa: 5, import: 6 } as const
/** A protocol that sends envelopes. */
export type ProtocolName = keyof typeof PROTOCOLS
