import { getGroup } from '../../../src/curve/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { CURVES } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'

const SCALAR_LENGTH = 32

/** Methods of what everybody knows: the encoding of a point is as long as a scalar. */
const PUBLIC = /codePoint|lagrangeCoefficients/

/** What the arithmetic of the curves has made, and copies of it. */
export interface WatchedScalars<Result> {
  readonly result: Result
  /** How often these secrets, or else any new scalars, were there, and how many of those bytes hold them still. */
  count(secrets?: readonly Uint8Array[]): { readonly seen: number; readonly left: number }
}

/** The secrets of a share. */
export const secretsOf = ({ shares }: WalletShares): Uint8Array[] => shares.map(({ secretShare }) => secretShare)

/** Runs `work` and remembers the very bytes of every scalar that it makes, to see afterwards which are wiped. */
export async function watchScalars<Result>(work: () => Promise<Result>): Promise<WatchedScalars<Result>> {
  const made = new Map<Uint8Array, string>()
  const copied = new Map<Uint8Array, string>()
  const remember = (value: unknown, where = made): void => {
    if (Array.isArray(value)) for (const one of value) remember(one)
    else if (value instanceof Uint8Array && value.length === SCALAR_LENGTH) where.set(value, toHex(value))
  }
  const groups = CURVES.map((curve) => getGroup(curve) as unknown as Record<string, unknown>)
  const originals = groups.map((group) => ({ ...group }))
  for (const group of groups) {
    for (const [name, method] of Object.entries(group)) {
      if (typeof method !== 'function' || PUBLIC.test(name)) continue
      group[name] = (...args: unknown[]): unknown => {
        const result: unknown = method.apply(group, args)
        remember(result)
        return result
      }
    }
  }
  // A copy is made without a word to any group.
  const { slice } = Uint8Array.prototype
  Uint8Array.prototype.slice = function (...args) {
    const copy = slice.apply(this, args)
    remember(copy, copied)
    return copy
  }
  const result = await work().finally(() => {
    Uint8Array.prototype.slice = slice
    groups.forEach((group, i) => Object.assign(group, originals[i]))
  })
  return {
    result,
    count(secrets) {
      const wanted = new Set(secrets?.map((secret) => toHex(secret)))
      const of = secrets ? [...made, ...copied].filter(([, value]) => wanted.has(value)) : [...made]
      const those = of.filter(([bytes]) => !secrets?.includes(bytes))
      return { seen: those.length, left: those.filter(([bytes, value]) => toHex(bytes) === value).length }
    },
  }
}
