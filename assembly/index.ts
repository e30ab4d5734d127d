import { ARENA, ARENA_BYTES, wipeScratch } from './memory'
import * as base from './secp256k1/base'
import * as multiplication from './secp256k1/multiply'
import { decodePoint } from './secp256k1/decode'
import { encodePoint } from './secp256k1/affine'

/** Where the caller may put inputs and take outputs. */
export function arena(): usize {
  return ARENA
}

export function arenaBytes(): i32 {
  return ARENA_BYTES
}
export function kBase(r: usize, s: usize, count: i32): void {
  base.multiplyBase(r, s, count)
  wipeScratch()
}
export function kMul(r: usize, p: usize, s: usize, count: i32): void {
  multiplication.multiplyPoints(r, p, s, count)
  wipeScratch()
}
export function kDec(r: usize, p: usize): i32 {
  const st = decodePoint(r, p)
  wipeScratch()
  return st
}
export function kEnc(r: usize, p: usize): void {
  encodePoint(r, p)
  wipeScratch()
}
