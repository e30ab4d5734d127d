import type { Curve, Purpose, Role } from '../types.ts'
import { CodecError } from '../util/codec.ts'

/** The byte that stands for each name in records and in hashed contexts. */
export const CURVE_CODES: Readonly<Record<Curve, number>> = { secp256k1: 1, ed25519: 2 }
export const PURPOSE_CODES: Readonly<Record<Purpose, number>> = { signing: 1, backup: 2 }
export const ROLE_CODES: Readonly<Record<Role, number>> = { client: 1, server: 2, custodian: 3 }

/**
 * The name that a byte stands for.
 *
 * @throws {CodecError} if it stands for none
 */
export function nameOfCode<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name {
  for (const name of Object.keys(codes) as Name[]) if (codes[name] === code) return name
  throw new CodecError(`unknown code ${code}`)
}
