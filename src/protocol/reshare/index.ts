import type { Group } from '../../curve/group.ts'
import type { RandomSource } from '../../util/random.ts'
import type { Session } from '../session.ts'
import type { ReshareOptions, ReshareResult } from './types.ts'

export type { ReshareOptions, ReshareParticipant, ReshareResult } from './types.ts'
export declare function createReshare(options: ReshareOptions): Session<ReshareResult>
export declare function restoreReshare(
  state: Uint8Array,
  backend: { readonly group: Group; readonly random: RandomSource },
): Session<ReshareResult>
