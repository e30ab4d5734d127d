import type { Curve } from '../types.ts'

/** Byte of each suite in an envelope. `bip340` is the secp256k1 group with BIP 340 signatures. */
export const SUITES = { secp256k1: 1, ed25519: 2, bip340: 3 } as const
export type Suite = keyof typeof SUITES

/** Byte of each protocol that sends envelopes. */
export const PROTOCOLS = { keygen: 1, reshare: 2, frost: 3 } as const
export type ProtocolName = keyof typeof PROTOCOLS

/** Every label that is ever hashed under, by protocol: one label, one statement. */
const LABELS = {
  keygen: ['ctx', 'sid', 'com', 'echo', 'pok', 'cc', 'T', 'pop', 'set', 'expand'],
  reshare: ['ctx', 'sid', 'com', 'echo', 'pok', 'T', 'pop', 'set', 'expand'],
  frost: ['ctx', 'sid', 'expand'],
  possession: ['proof', 'expand'],
  share: ['wallet-set'],
} as const

export type TaggedProtocol = keyof typeof LABELS
export type Label<P extends TaggedProtocol> = (typeof LABELS)[P][number]

/** What stands in a tag's place for the suite: `wallet` where a hash spans the curves of a wallet. */
export type TagSuite = Suite | 'wallet'

/** The domain-separation tag of one statement: `reshare/v1/<suite>/<protocol>/<label>`. */
export function tag<P extends TaggedProtocol>(suite: TagSuite, protocol: P, label: Label<P>): string {
  return `reshare/v1/${suite}/${protocol}/${label}`
}

/** All tags that {@link tag} can make. */
export function allTags(): string[] {
  const suites: readonly TagSuite[] = [...(Object.keys(SUITES) as Suite[]), 'wallet']
  return suites.flatMap((suite) =>
    Object.entries(LABELS).flatMap(([protocol, labels]) =>
      labels.map((label) => `reshare/v1/${suite}/${protocol}/${label}`),
    ),
  )
}

/** The suite of the protocols that run on a curve whatever is signed with it later. */
export function curveSuite(curve: Curve): Suite {
  return curve
}
