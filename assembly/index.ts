import * as ed25519 from './ed25519'
import { Ed25519, Secp256k1 } from './field/curve'
import { ARENA, ARENA_BYTES, wipeScalarScratch, wipeScratch } from './memory'
import * as secp256k1 from './secp256k1'
import * as lagrange from './sharing/lagrange'
import * as polynomial from './sharing/polynomial'
import * as scalars from './sharing/scalars'

export * from './ot/exports'

// All exports of the module. Arguments are offsets into the arena, and counts. Scalars are 32 canonical bytes, and points 64
// bytes (memory.ts). Inputs are checked only if an export returns a status: src/curve/wasm/ passes only values that it has
// decoded before. All scratch space is cleared before an export returns. Exports named …Var take public input only.

export function arena(): usize {
  return ARENA
}

export function arenaBytes(): i32 {
  return ARENA_BYTES
}

export function secp256k1CheckScalar(a: usize): i32 {
  const status = scalars.checkScalar<Secp256k1>(a)
  wipeScalarScratch()
  return status
}

export function secp256k1AddScalars(r: usize, a: usize, b: usize): void {
  scalars.addScalars<Secp256k1>(r, a, b)
  wipeScalarScratch()
}

export function secp256k1SubtractScalars(r: usize, a: usize, b: usize): void {
  scalars.subtractScalars<Secp256k1>(r, a, b)
  wipeScalarScratch()
}

export function secp256k1MultiplyScalars(r: usize, a: usize, b: usize): void {
  scalars.multiplyScalars<Secp256k1>(r, a, b)
  wipeScalarScratch()
}

export function secp256k1InvertScalar(r: usize, a: usize): i32 {
  const status = scalars.invertScalar<Secp256k1>(r, a)
  wipeScalarScratch()
  return status
}

export function secp256k1ReduceWide(r: usize, wide: usize): void {
  scalars.reduceWide<Secp256k1>(r, wide)
  wipeScalarScratch()
}

export function secp256k1EvaluatePolynomial(
  r: usize,
  coefficients: usize,
  xs: usize,
  sums: usize,
  count: i32,
  xCount: i32,
): void {
  polynomial.evaluatePolynomial<Secp256k1>(r, coefficients, xs, sums, count, xCount)
  wipeScalarScratch()
}

export function secp256k1PowerSums(r: usize, weights: usize, xs: usize, count: i32, xCount: i32): void {
  polynomial.powerSums<Secp256k1>(r, weights, xs, count, xCount)
  wipeScalarScratch()
}

export function secp256k1LagrangeCoefficients(r: usize, xs: usize, count: i32, first: i32, own: i32): i32 {
  const status = lagrange.lagrangeCoefficients<Secp256k1>(r, xs, count, first, own)
  wipeScalarScratch()
  return status
}

export function secp256k1DecodePoints(r: usize, bytes: usize, count: i32): i32 {
  const status = secp256k1.decodePoints(r, bytes, count)
  wipeScratch()
  return status
}

export function secp256k1EncodePoint(r: usize, point: usize): void {
  secp256k1.encodePoint(r, point)
}

export function secp256k1AddPoints(r: usize, p: usize, q: usize): void {
  secp256k1.addPoints(r, p, q)
  wipeScratch()
}

export function secp256k1SubtractPoints(r: usize, p: usize, q: usize): void {
  secp256k1.subtractPoints(r, p, q)
  wipeScratch()
}

export function secp256k1NegatePoint(r: usize, p: usize): void {
  secp256k1.negatePoint(r, p)
  wipeScratch()
}

export function secp256k1MultiplyBase(r: usize, scalars: usize, count: i32): void {
  secp256k1.multiplyBase(r, scalars, count)
  wipeScratch()
}

export function secp256k1MultiplyPoints(r: usize, points: usize, scalars: usize, count: i32): void {
  secp256k1.multiplyPoints(r, points, scalars, count)
  wipeScratch()
}

export function secp256k1CombineVar(r: usize, points: usize, scalars: usize, count: i32, base: usize): void {
  secp256k1.combineVar(r, points, scalars, count, base)
  wipeScratch()
}

export function secp256k1EvaluateCommitmentVar(r: usize, commitment: usize, xs: usize, count: i32, xCount: i32): void {
  secp256k1.evaluateCommitmentVar(r, commitment, xs, count, xCount)
  wipeScratch()
}

export function ed25519CheckScalar(a: usize): i32 {
  const status = scalars.checkScalar<Ed25519>(a)
  wipeScalarScratch()
  return status
}

export function ed25519AddScalars(r: usize, a: usize, b: usize): void {
  scalars.addScalars<Ed25519>(r, a, b)
  wipeScalarScratch()
}

export function ed25519SubtractScalars(r: usize, a: usize, b: usize): void {
  scalars.subtractScalars<Ed25519>(r, a, b)
  wipeScalarScratch()
}

export function ed25519MultiplyScalars(r: usize, a: usize, b: usize): void {
  scalars.multiplyScalars<Ed25519>(r, a, b)
  wipeScalarScratch()
}

export function ed25519InvertScalar(r: usize, a: usize): i32 {
  const status = scalars.invertScalar<Ed25519>(r, a)
  wipeScalarScratch()
  return status
}

export function ed25519ReduceWide(r: usize, wide: usize): void {
  scalars.reduceWide<Ed25519>(r, wide)
  wipeScalarScratch()
}

export function ed25519EvaluatePolynomial(
  r: usize,
  coefficients: usize,
  xs: usize,
  sums: usize,
  count: i32,
  xCount: i32,
): void {
  polynomial.evaluatePolynomial<Ed25519>(r, coefficients, xs, sums, count, xCount)
  wipeScalarScratch()
}

export function ed25519PowerSums(r: usize, weights: usize, xs: usize, count: i32, xCount: i32): void {
  polynomial.powerSums<Ed25519>(r, weights, xs, count, xCount)
  wipeScalarScratch()
}

export function ed25519LagrangeCoefficients(r: usize, xs: usize, count: i32, first: i32, own: i32): i32 {
  const status = lagrange.lagrangeCoefficients<Ed25519>(r, xs, count, first, own)
  wipeScalarScratch()
  return status
}

export function ed25519DecodePoints(r: usize, bytes: usize, count: i32): i32 {
  const status = ed25519.decodePoints(r, bytes, count)
  wipeScratch()
  return status
}

export function ed25519EncodePoint(r: usize, point: usize): void {
  ed25519.encodePoint(r, point)
}

export function ed25519AddPoints(r: usize, p: usize, q: usize): void {
  ed25519.addPoints(r, p, q)
  wipeScratch()
}

export function ed25519SubtractPoints(r: usize, p: usize, q: usize): void {
  ed25519.subtractPoints(r, p, q)
  wipeScratch()
}

export function ed25519NegatePoint(r: usize, p: usize): void {
  ed25519.negatePoint(r, p)
  wipeScratch()
}

export function ed25519MultiplyBase(r: usize, scalars: usize, count: i32): void {
  ed25519.multiplyBase(r, scalars, count)
  wipeScratch()
}

export function ed25519MultiplyPoints(r: usize, points: usize, scalars: usize, count: i32): void {
  ed25519.multiplyPoints(r, points, scalars, count)
  wipeScratch()
}

export function ed25519CombineVar(r: usize, points: usize, scalars: usize, count: i32, base: usize): void {
  ed25519.combineVar(r, points, scalars, count, base)
  wipeScratch()
}

export function ed25519EvaluateCommitmentVar(r: usize, commitment: usize, xs: usize, count: i32, xCount: i32): void {
  ed25519.evaluateCommitmentVar(r, commitment, xs, count, xCount)
  wipeScratch()
}
