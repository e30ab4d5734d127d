import type { Group } from '../../curve/group.ts'
import type { RandomSource } from '../../util/random.ts'
import type { Part } from '../../util/tagged-hash.ts'

/** The hash labels that key generation and reshare have in common. */
export type SharingLabel = 'ctx' | 'sid' | 'com' | 'echo' | 'pok' | 'T' | 'pop' | 'set' | 'expand'
/** The tagged hash of key generation or of reshare. 32 bytes. */
export type SharingHasher = (label: SharingLabel, ...parts: readonly Part[]) => Uint8Array

/** What does not change during one participant's session. */
export interface SessionEnvironment {
  readonly group: Group
  readonly hash: SharingHasher
  /** CTX, 32 bytes */
  readonly context: Uint8Array
  /** This participant's number, from 1. */
  readonly self: number
  readonly random: RandomSource
}

/** The same once the session has its id: after round 1. */
export interface IdentifiedEnvironment extends SessionEnvironment {
  /** sid, 32 bytes */
  readonly sid: Uint8Array
}
