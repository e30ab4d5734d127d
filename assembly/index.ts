import { ARENA, ARENA_BYTES } from './memory'

/** Where the caller may put inputs and take outputs. */
export function arena(): usize {
  return ARENA
}

export function arenaBytes(): i32 {
  return ARENA_BYTES
}
