// What the tests of test/assembly call: the parts that the module does not export. Built by the tests, never shipped.
import * as edField from './ed25519/field'
import { Ed25519, Secp256k1 } from './field/curve'
import { Pair, Single, spread } from './field/lanes'
import * as prime from './field/prime'
import { reduceLoose, shortProduct } from './field/short-product'
import * as secpField from './secp256k1/field'
import { multiplyOnePoint } from './secp256k1/one-point'
import { multiplyByOneScalar } from './secp256k1/one-scalar'
import { recodeSplit, splitScalar } from './secp256k1/split'
import { ARENA } from './memory'

export { splitScalar, recodeSplit }
export { multiplyOnePoint, multiplyByOneScalar }

export function squareRoot(r: usize, a: usize): void {
  secpField.squareRoot<Single>(r, a)
}

export function squareRootOfRatioVar(r: usize, u: usize, v: usize): bool {
  return edField.squareRootOfRatioVar<Single>(r, u, v)
}

export function arena(): usize {
  return ARENA
}

export function secp256k1MultiplySingle(r: usize, a: usize, b: usize): void {
  prime.multiply<Secp256k1, Single>(r, a, b)
}

export function secp256k1SquareSingle(r: usize, a: usize): void {
  prime.square<Secp256k1, Single>(r, a)
}

export function secp256k1SubtractSingle(r: usize, a: usize, b: usize): void {
  prime.subtract<Secp256k1, Single>(r, a, b)
}

export function secp256k1SubtractCarriedSingle(r: usize, a: usize, b: usize): void {
  prime.subtractCarried<Secp256k1, Single>(r, a, b)
}

export function secp256k1ConditionalNegateCarriedSingle(r: usize, a: usize, maskA: i32, maskB: i32): void {
  prime.conditionalNegateCarried<Secp256k1, Single>(r, a, spread<Single>(maskA, maskB))
}

export function secp256k1MultiplyPair(r: usize, a: usize, b: usize): void {
  prime.multiply<Secp256k1, Pair>(r, a, b)
}

export function secp256k1SquarePair(r: usize, a: usize): void {
  prime.square<Secp256k1, Pair>(r, a)
}

export function secp256k1SubtractPair(r: usize, a: usize, b: usize): void {
  prime.subtract<Secp256k1, Pair>(r, a, b)
}

export function secp256k1SubtractCarriedPair(r: usize, a: usize, b: usize): void {
  prime.subtractCarried<Secp256k1, Pair>(r, a, b)
}

export function secp256k1ConditionalNegateCarriedPair(r: usize, a: usize, maskA: i32, maskB: i32): void {
  prime.conditionalNegateCarried<Secp256k1, Pair>(r, a, spread<Pair>(maskA, maskB))
}

export function secp256k1Normalize(r: usize, a: usize): void {
  prime.normalize<Secp256k1>(r, a)
}

export function secp256k1Invert(r: usize, a: usize): void {
  prime.invert<Secp256k1>(r, a)
}

export function secp256k1InvertAll(elements: usize, products: usize, stride: usize, count: i32): void {
  prime.invertAll<Secp256k1>(elements, products, stride, count)
}

export function ed25519MultiplySingle(r: usize, a: usize, b: usize): void {
  prime.multiply<Ed25519, Single>(r, a, b)
}

export function ed25519SquareSingle(r: usize, a: usize): void {
  prime.square<Ed25519, Single>(r, a)
}

export function ed25519SubtractSingle(r: usize, a: usize, b: usize): void {
  prime.subtract<Ed25519, Single>(r, a, b)
}

export function ed25519SubtractCarriedSingle(r: usize, a: usize, b: usize): void {
  prime.subtractCarried<Ed25519, Single>(r, a, b)
}

export function ed25519ConditionalNegateCarriedSingle(r: usize, a: usize, maskA: i32, maskB: i32): void {
  prime.conditionalNegateCarried<Ed25519, Single>(r, a, spread<Single>(maskA, maskB))
}

export function ed25519MultiplyPair(r: usize, a: usize, b: usize): void {
  prime.multiply<Ed25519, Pair>(r, a, b)
}

export function ed25519SquarePair(r: usize, a: usize): void {
  prime.square<Ed25519, Pair>(r, a)
}

export function ed25519SubtractPair(r: usize, a: usize, b: usize): void {
  prime.subtract<Ed25519, Pair>(r, a, b)
}

export function ed25519SubtractCarriedPair(r: usize, a: usize, b: usize): void {
  prime.subtractCarried<Ed25519, Pair>(r, a, b)
}

export function ed25519ConditionalNegateCarriedPair(r: usize, a: usize, maskA: i32, maskB: i32): void {
  prime.conditionalNegateCarried<Ed25519, Pair>(r, a, spread<Pair>(maskA, maskB))
}

export function ed25519Normalize(r: usize, a: usize): void {
  prime.normalize<Ed25519>(r, a)
}

export function ed25519Invert(r: usize, a: usize): void {
  prime.invert<Ed25519>(r, a)
}

export function ed25519InvertAll(elements: usize, products: usize, stride: usize, count: i32): void {
  prime.invertAll<Ed25519>(elements, products, stride, count)
}

export function secp256k1SubtractTwiceCarriedSingle(r: usize, a: usize, b: usize): void {
  secpField.subtractTwiceCarried<Single>(r, a, b)
}

export function secp256k1SubtractOnceTwiceCarriedSingle(r: usize, a: usize, b: usize, c: usize): void {
  secpField.subtractOnceTwiceCarried<Single>(r, a, b, c)
}

export function secp256k1ThreeHalvesSingle(r: usize, a: usize): void {
  secpField.threeHalves<Single>(r, a)
}

export function ed25519AddCarriedSingle(r: usize, a: usize, b: usize): void {
  prime.addCarried<Ed25519, Single>(r, a, b)
}

export function ed25519TwiceSubtractCarriedSingle(r: usize, a: usize, b: usize): void {
  edField.twiceSubtractCarried<Single>(r, a, b)
}

export function ed25519TwiceAddSingle(r: usize, a: usize, b: usize): void {
  edField.twiceAdd<Single>(r, a, b)
}

export function secp256k1SubtractTwiceCarriedPair(r: usize, a: usize, b: usize): void {
  secpField.subtractTwiceCarried<Pair>(r, a, b)
}

export function secp256k1SubtractOnceTwiceCarriedPair(r: usize, a: usize, b: usize, c: usize): void {
  secpField.subtractOnceTwiceCarried<Pair>(r, a, b, c)
}

export function secp256k1ThreeHalvesPair(r: usize, a: usize): void {
  secpField.threeHalves<Pair>(r, a)
}

export function ed25519AddCarriedPair(r: usize, a: usize, b: usize): void {
  prime.addCarried<Ed25519, Pair>(r, a, b)
}

export function ed25519TwiceSubtractCarriedPair(r: usize, a: usize, b: usize): void {
  edField.twiceSubtractCarried<Pair>(r, a, b)
}

export function ed25519TwiceAddPair(r: usize, a: usize, b: usize): void {
  edField.twiceAdd<Pair>(r, a, b)
}

export function secp256k1ShortProduct(r: usize, a: usize, x: u32, c: usize): void {
  shortProduct<Secp256k1>(r, a, x, c)
}

export function ed25519ShortProduct(r: usize, a: usize, x: u32, c: usize): void {
  shortProduct<Ed25519>(r, a, x, c)
}

export function secp256k1ReduceLoose(r: usize, a: usize): void {
  reduceLoose<Secp256k1>(r, a)
}

export function ed25519ReduceLoose(r: usize, a: usize): void {
  reduceLoose<Ed25519>(r, a)
}
