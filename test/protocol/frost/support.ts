import type { Group, Scalar } from '../../../src/curve/group.ts'
import type { SignerSet } from '../../../src/protocol/frost/signing-package.ts'
import { type FrostSuite, frostSuite } from '../../../src/protocol/frost/suites.ts'
import { verifyingShare } from '../../../src/secret-sharing/feldman.ts'
import { randomPolynomial } from '../../../src/secret-sharing/shamir.ts'
import type { KeyShare, ShareSetRecord } from '../../../src/key-share/types.ts'
import { partyId, type PartyId, type Purpose } from '../../../src/types.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { groups } from '../../support/groups.ts'

/** The three suites on every backend. */
export const suites: readonly { name: string; suite: FrostSuite }[] = groups.flatMap(({ name, group }) =>
  (group.curve === 'ed25519' ? (['ed25519'] as const) : (['secp256k1', 'bip340'] as const)).map((suite) => ({
    name: `${suite} (${name})`,
    suite: frostSuite(suite, group),
  })),
)

/** A share set from a trusted dealer: what a key generation would have left with each party. */
export interface DealtSet extends SignerSet {
  readonly secret: Scalar
  readonly shares: ReadonlyMap<PartyId, Scalar>
}

/** Deals a key to parties 1..n, or to the ids given. */
export function deal(
  group: Group,
  threshold: number,
  parties: number | readonly number[],
  random: RandomSource,
  secret: Scalar = group.randomScalar(random),
): DealtSet {
  const ids = (typeof parties === 'number' ? Array.from({ length: parties }, (_, i) => i + 1) : parties).map(partyId)
  const coefficients = randomPolynomial(group, secret, threshold, random)
  const commitment = group.multiplyBaseBatch(coefficients)
  const values = group.evaluatePolynomial(coefficients, ids)
  return {
    threshold,
    parties: ids.map((id) => ({ id, role: 'client', verifyingShare: verifyingShare(group, commitment, id) })),
    publicKey: group.multiplyBase(secret),
    secret,
    shares: new Map(ids.map((id, i) => [id, values[i] as Scalar])),
  }
}

/** The same set for another key, pk + t·G, as a derivation or Taproot makes it. */
function tweaked(group: Group, { threshold, parties, publicKey }: DealtSet, tweak: Scalar): SignerSet {
  const point = group.multiplyBase(tweak)
  const moved = parties.map((party) => ({ ...party, verifyingShare: group.addPoints(party.verifyingShare, point) }))
  return { threshold, parties: moved, publicKey: group.addPoints(publicKey, point) }
}

/** Deals until the public key has the wanted parity of y. */
export function dealWithParity(group: Group, evenY: boolean, random: RandomSource): DealtSet {
  for (;;) {
    const set = deal(group, 2, 2, random)
    if (group.hasEvenY(set.publicKey) === evenY) return set
  }
}

/** A random source that replays what it is given. */
export function replay(...outputs: readonly Uint8Array[]): RandomSource {
  const queue = [...outputs]
  return (length) => {
    const next = queue.shift()
    if (next?.length !== length) throw new Error(`no ${length} bytes to replay`)
    return next.slice()
  }
}

/** The key shares of a dealt set, as a key generation would have stored them. */
export function keyShares(
  group: Group,
  set: DealtSet,
  options: { readonly setId?: Uint8Array; readonly purpose?: Purpose; readonly tweak?: Scalar } = {},
): Map<PartyId, KeyShare> {
  const { threshold, parties, publicKey } = options.tweak === undefined ? set : tweaked(group, set, options.tweak)
  const record: ShareSetRecord = {
    curve: group.curve,
    setId: options.setId ?? new Uint8Array(32).fill(0x5e),
    walletId: new Uint8Array(16).fill(0x3a),
    purpose: options.purpose ?? 'signing',
    threshold,
    parties,
    publicKey,
    chainCode: new Uint8Array(32).fill(0xcc),
  }
  return new Map([...set.shares].map(([id, value]) => [id, { record, id, secretShare: value.slice() as Scalar }]))
}
