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
  const { items, ...others } = request
  const fields = jsonOf(Object.fromEntries(entriesOf(others))) as Record<string, Json>
  const whole = items === undefined ? [] : itemsUpTo(items)
  const details = { ...fields, ...(items !== undefined && { items: whole ?? null }) }
  if (whole !== undefined && lengthOf(details) <= DETAILS_MAX_LENGTH) return details
  const shortened = Object.entries(fields).map(([name, value]) => [name, shortOf(name, value)])
  return {
    ...(Object.fromEntries(shortened) as Record<string, Json>),
    ...(items !== undefined && { items: items.map(shortItem) }),
    shortened: true,
  }
}

function entriesOf(fields: object): readonly (readonly [string, unknown])[] {
  return Object.entries(fields).filter(([name, value]) => !COLUMNS.has(name) && value !== undefined)
}

/** @returns undefined as soon as they are too long: each may have the same long intent */
function itemsUpTo(items: NonNullable<PolicyRequest['items']>): readonly Json[] | undefined {
  const read: Json[] = []
  let length = 0
  for (const item of items) {
    const json = jsonOf(Object.fromEntries(entriesOf(item)))
    length += lengthOf(json)
    if (length > DETAILS_MAX_LENGTH) return undefined
    read.push(json)
  }
  return read
}

const lengthOf = (value: Json): number => JSON.stringify(value).length

function shortOf(name: string, value: Json): Json {
  if (typeof value === 'string') return value.slice(0, SHORT_LENGTH)
  if (typeof value !== 'object' || value === null) return value
  if (name === 'intent') return { kind: (value as { readonly kind?: Json }).kind ?? null }
  return lengthOf(value) <= SHORT_LENGTH ? value : null
}

function shortItem({ scheme, intent }: NonNullable<PolicyRequest['items']>[number]): Json {
  return { scheme: scheme ?? null, intent: { kind: intent?.kind ?? null } }
}

/** Bytes become lower-case hex, and large numbers decimal. */
function jsonOf(value: unknown): Json {
  if (typeof value === 'bigint') return value.toString()
  if (isBytes(value)) return toHex(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonOf(part)]))
}
