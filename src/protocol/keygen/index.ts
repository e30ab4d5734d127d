import type { Group } from '../../curve/group.ts'
import type { KeyShare } from '../../share/types.ts'
import type { RandomSource } from '../../util/random.ts'
import type { Session } from '../session.ts'
import type { KeygenOptions } from './types.ts'

export type { KeygenOptions, NewParty } from './types.ts'
export declare function createKeygen(options: KeygenOptions): Session<KeyShare>
export declare function restoreKeygen(
  state: Uint8Array,
  backend: { readonly group: Group; readonly random: RandomSource },
): Session<KeyShare>
