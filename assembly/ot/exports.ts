import { OT_ARENA, OT_ARENA_BYTES } from './memory'

export { gadgets as voleGadgets, start as voleStart, multiply as voleMultiply, finish as voleFinish } from './vole'

/** Where the caller of oblivious transfer puts inputs and takes outputs. */
export function otArena(): usize {
  return OT_ARENA
}

export function otArenaBytes(): i32 {
  return OT_ARENA_BYTES
}
