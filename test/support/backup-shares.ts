import { getGroup } from '../../src/curve/index.ts'
import { combineShares, type KeyShare, type WalletShares } from '../../src/key-share/index.ts'
import { CURVES, partyId, type Curve } from '../../src/types.ts'
import type { RandomSource } from '../../src/util/random.ts'

/** The client's share of a backup set on both curves, dealt by one who knows the key. */
export function backupShares(random: RandomSource, walletId: Uint8Array = random(16)): WalletShares {
  return combineShares(CURVES.map((curve) => share(curve, random, walletId)))
}

function share(curve: Curve, random: RandomSource, walletId: Uint8Array): KeyShare {
  const group = getGroup(curve)
  const coefficients = [group.randomScalar(random), group.randomScalar(random)]
  const ids = [partyId(1), partyId(2)]
  const secrets = group.evaluatePolynomial(coefficients, ids)
  const roles = ['client', 'custodian'] as const
  const parties = secrets.map((secret, i) => ({
    id: ids[i]!,
    role: roles[i]!,
    verifyingShare: group.multiplyBase(secret),
  }))
  const publicKey = group.multiplyBase(coefficients[0]!)
  const common = { curve, setId: random(32), walletId, purpose: 'backup', threshold: 2, chainCode: random(32) } as const
  return { record: { ...common, parties, publicKey }, id: ids[0]!, secretShare: secrets[0]! }
}
