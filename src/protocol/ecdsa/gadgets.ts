import { toHex } from '../../util/bytes.ts'
import type { SigningSetup } from './signing-setup.ts'

/** How many share sets' vectors are kept: 13 KB each. */
const KEPT = 16

const cache = new Map<string, Uint8Array>()

/** The public vector g of the session's share set; it costs 416 hashes, so the last few are kept. */
export function gadgetsOf({ backend, share }: SigningSetup): Uint8Array {
  const { setId } = share.record
  const key = toHex(setId)
  const known = cache.get(key)
  if (known !== undefined) return known
  const gadgets = backend.vole.gadgets(setId)
  if (cache.size >= KEPT) cache.delete(cache.keys().next().value as string)
  cache.set(key, gadgets)
  return gadgets
}
