// AssemblyScript has no constant type parameters. So a curve is named by a type, and the two types differ in size: shared
// code is compiled once for each curve, without a branch.

export type Secp256k1 = u8
export type Ed25519 = u16


@inline
export function isSecp256k1<C>(): bool {
  return sizeof<C>() == 1
}
