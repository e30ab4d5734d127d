import type { Json } from '../../wire/approvals.ts'
import { isBytes, toHex } from '../../util/bytes.ts'
import type { PolicyRequest } from '../access/policy.ts'

/** The longest details, in UTF-16 code units of their JSON. */
export const DETAILS_MAX_LENGTH = 16 * 1024

/** What is left of a text or of bytes in hex that are too long together with the rest. */
const SHORT_LENGTH = 1024

/** Fields that an approval has in columns of their own. */
const COLUMNS: ReadonlySet<string> = new Set(['clientId', 'action', 'walletId', 'setId', 'deviceId'])

/**
 * What is asked for, as approvers see it: the fields that the policy got, of bounded length. What is shortened says so, and of
 * an intent that is too long only its kind is left: part of what is signed could be taken for all of it.
 */
export function detailsOf(request: PolicyRequest): Readonly<Record<string, Json>> {
  const entries = Object.entries(request).filter(([name, value]) => !COLUMNS.has(name) && value !== undefined)
  const details = Object.fromEntries(entries.map(([name, value]) => [name, jsonOf(value)]))
  if (JSON.stringify(details).length <= DETAILS_MAX_LENGTH) return details
  const shortened = entries.map(([name, value]) => [name, shortOf(name, jsonOf(value))])
  return { ...(Object.fromEntries(shortened) as Record<string, Json>), shortened: true }
}

function shortOf(name: string, value: Json): Json {
  if (typeof value === 'string') return value.slice(0, SHORT_LENGTH)
  if (name !== 'intent' || typeof value !== 'object' || value === null) return value
  const { kind = null } = value as { readonly kind?: Json }
  return { kind }
}

/** Bytes become lower-case hex, and large numbers decimal. */
function jsonOf(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString()
  if (isBytes(value)) return toHex(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonOf(part)]))
}
