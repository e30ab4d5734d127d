import type { Group, Scalar } from '../../src/curve/group.ts'
import { createKeygen, type KeygenOptions, type NewParty } from '../../src/protocol/keygen/index.ts'
import {
  createReshare,
  type ReshareParticipant,
  type ReshareResult,
  type ReshareTerms,
} from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session/session.ts'
import type { KeyShare, ShareSetRecord } from '../../src/key-share/index.ts'
import { recombine } from '../../src/secret-sharing/shamir.ts'
import { partyId, type Purpose, type Role } from '../../src/types.ts'
import type { RandomSource } from '../../src/util/random.ts'
import { simulate } from './simulator.ts'

/** Thresholds and sizes that the protocols are run with. */
export const GRID: readonly (readonly [threshold: number, count: number])[] = [
  [2, 2],
  [2, 3],
  [3, 3],
  [2, 4],
  [3, 5],
  [5, 5],
  [5, 7],
]

const ROLES: readonly Role[] = ['client', 'server', 'custodian']

export function newParties(ids: readonly number[]): NewParty[] {
  return ids.map((id, i) => ({ id: partyId(id), role: ROLES[i % 3] as Role }))
}

/** The ids 1..count. */
export function firstIds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

export interface KeygenPlan {
  readonly group: Group
  readonly threshold: number
  readonly parties: readonly NewParty[]
  readonly walletId?: Uint8Array
  readonly purpose?: Purpose
}

/** What one party of a plan begins or goes on with, by its participant number. */
export function keygenOptions(plan: KeygenPlan, participant: number, random: RandomSource): KeygenOptions {
  const { walletId = new Uint8Array(16).fill(7), purpose = 'signing' } = plan
  return { ...plan, walletId, purpose, self: plan.parties[participant - 1]!.id, random }
}

/** One session for each party. */
export function keygenSessions(plan: KeygenPlan, random: RandomSource): Session<KeyShare>[] {
  return plan.parties.map((_, i) => createKeygen(keygenOptions(plan, i + 1, random)))
}

/** A whole key generation among honest parties. */
export function generate(group: Group, threshold: number, count: number, random: RandomSource): KeyShare[] {
  const sessions = keygenSessions({ group, threshold, parties: newParties(firstIds(count)) }, random)
  return results(simulate(sessions))
}

export interface ResharePlan {
  readonly group: Group
  /** Shares of the old set, at least those of the dealers. */
  readonly shares: readonly KeyShare[]
  readonly participants: readonly ReshareParticipant[]
  readonly threshold: number
  readonly purpose?: Purpose
  readonly flags?: number
}

/** What one participant of a plan goes on with, by its number. */
export function reshareTerms(plan: ResharePlan, self: number, random: RandomSource): ReshareTerms {
  const { group, participants, threshold, purpose = 'backup', flags } = plan
  return { group, purpose, threshold, participants, self, ...(flags === undefined ? {} : { flags }), random }
}

/** One session for each participant. */
export function reshareSessions(plan: ResharePlan, random: RandomSource): Session<ReshareResult>[] {
  const { shares, participants } = plan
  const { record: old } = shares[0] as KeyShare
  return participants.map(({ dealer }, i) =>
    createReshare({
      ...reshareTerms(plan, i + 1, random),
      old,
      ...(dealer === undefined ? {} : { share: shares.find(({ id }) => id === dealer) }),
    }),
  )
}

/** A whole reshare among honest participants; gives the new shares by participant number. */
export function reshare(plan: ResharePlan, random: RandomSource): KeyShare[] {
  return results(simulate(reshareSessions(plan, random))).flatMap(({ share }) => (share === undefined ? [] : [share]))
}

/** Two machines that deal and receive: what a wallet does. */
export const PAIR: readonly ReshareParticipant[] = newParties([1, 2]).map((receiver) => ({
  dealer: receiver.id,
  receiver,
}))

/** The secret that shares recombine to. */
export function keyOf(group: Group, shares: readonly KeyShare[]): Scalar {
  const values = shares.map(({ id, secretShare }) => ({ id, value: secretShare }))
  return recombine(group, values, shares[0]?.record.threshold as number)
}

/** Whether shares recombine to the secret key of a record. */
export function makesKey(group: Group, shares: readonly KeyShare[], record: ShareSetRecord): boolean {
  return group.equalPoints(group.multiplyBase(keyOf(group, shares)), record.publicKey)
}

function results<Result>(outcomes: readonly { done?: Result; error?: unknown }[]): Result[] {
  return outcomes.map(({ done, error }) => {
    if (error instanceof Error) throw error
    if (done === undefined) throw new Error('the protocol did not finish')
    return done
  })
}

/** All ways to choose `count` of a list. */
export function subsets<T>(list: readonly T[], count: number): T[][] {
  if (count === 0) return [[]]
  return list.flatMap((item, i) => subsets(list.slice(i + 1), count - 1).map((rest) => [item, ...rest]))
}
