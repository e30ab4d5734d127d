// AssemblyScript has no constant type parameters: a curve is named by a type whose size tells it apart, so that shared
// code is compiled once for each curve without a branch.

export type Secp256k1 = u8
export type Ed25519 = u16


@inline
export function isSecp256k1<C>(): bool {
  return sizeof<C>() == 1
}
