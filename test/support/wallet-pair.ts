import { getGroup } from '../../src/curve/index.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../src/wire/sessions.ts'
import { combineShares, type KeyShare, type WalletShares } from '../../src/key-share/index.ts'
import { CURVES, type Purpose } from '../../src/types.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { simulate } from './simulator.ts'

/** Both shares of one of a wallet's sets. */
export interface WalletPair {
  readonly client: WalletShares
  /** The server's, or the custodian's. */
  readonly other: WalletShares
}

/** Both shares of a new wallet's set, made by its two parties alone, without any server. */
export function walletPair(purpose: Purpose, random: RandomSource): WalletPair {
  const walletId = random(16)
  const parties = partiesOf(purpose)
  const pairs = CURVES.map((curve) => {
    const agreed = { group: getGroup(curve), walletId, purpose, threshold: WALLET_THRESHOLD, parties, random }
    const outcomes = simulate(parties.map(({ id }) => createKeygen({ ...agreed, self: id })))
    return outcomes.map(({ done }) => done as KeyShare)
  })
  const of = (party: number) => combineShares(pairs.map((shares) => shares[party] as KeyShare))
  return { client: of(0), other: of(1) }
}
