import type { Group } from '../../curve/group.ts'
import type { RandomSource } from '../../util/random.ts'
import type { Part } from '../../util/tagged-hash.ts'

/** The labels that key generation and reshare have in common. */
export type SharingLabel = 'ctx' | 'sid' | 'com' | 'echo' | 'pok' | 'T' | 'pop' | 'set' | 'expand'
export type SharingHasher = (label: SharingLabel, ...parts: readonly Part[]) => Uint8Array

/** What stays the same all through one participant's session. */
export interface SessionEnvironment {
  readonly group: Group
  readonly hash: SharingHasher
  /** CTX */
  readonly context: Uint8Array
  /** This participant's number. */
  readonly self: number
  readonly random: RandomSource
}
