import { parseExactJson } from '../../adapters/viem/json.ts'
import { readTypedData, typedDataHash, type TypedData } from '../../adapters/viem/typed-data.ts'
import { fromUtf8 } from '../../util/bytes.ts'
import type { EthereumDomain, EthereumHex } from './types.ts'

/** The longest name or type in typed data. */
const LONGEST_NAME = 256

/** The most structs. */
const MOST_STRUCTS = 128

/** The most fields of all structs together. */
const MOST_FIELDS = 1024

/**
 * The most work of hashing: the length of all types, in characters, times the number of structs in domain and message. The
 * types are hashed for each of them.
 */
const MOST_WORK = 1 << 22

/** The most structs in domain and message. Each takes about as long as a hash and the reading of its fields. */
const MOST_VALUES = 1024

/** Typed data, and the hash that is signed. */
export interface DecodedTypedData extends Omit<TypedData, 'domain'> {
  readonly hash: EthereumHex
  readonly domain: EthereumDomain
}

/**
 * Decodes typed data (EIP-712), by the same strict rules as `ethereumProvider`.
 *
 * @param data JSON in UTF-8
 * @throws {RangeError} if it is not valid, or takes too long to hash
 */
export function decodeTypedData(data: Uint8Array): DecodedTypedData {
  const value = parse(data)
  const length = requireShortTypes((value as { types?: unknown } | null)?.types)
  const count = countObjects(value)
  if (count > MOST_VALUES || length * count > MOST_WORK) throw new RangeError('the typed data takes too long to hash')
  const { types, primaryType, domain, message } = readTypedData(value)
  const hash = typedDataHash({ types, primaryType, domain, message })
  return { hash, types, primaryType, domain: domain, message }
}

function parse(data: Uint8Array): unknown {
  try {
    return parseExactJson(fromUtf8(data))
  } catch (cause) {
    throw new RangeError('the typed data is not JSON with exact numbers', { cause })
  }
}

/** @returns the length of all names and types */
function requireShortTypes(types: unknown): number {
  const structs = Object.entries(types ?? {})
  const fields = structs.flatMap(([, list]) => (Array.isArray(list) ? (list as unknown[]) : []))
  if (structs.length > MOST_STRUCTS || fields.length > MOST_FIELDS)
    throw new RangeError('the typed data has too many types')
  const texts = fields.flatMap((field) => Object.values(field ?? {}) as unknown[])
  const lengths = [...structs.map(([name]) => name), ...texts].map((text) =>
    typeof text === 'string' ? text.length : 0,
  )
  if (lengths.some((length) => length > LONGEST_NAME))
    throw new RangeError('the typed data has a type that is too long')
  return lengths.reduce((sum, length) => sum + length, 0)
}

/** The number of objects in a JSON value. Not recursive: its depth is not limited. */
function countObjects(value: unknown): number {
  const open: unknown[] = [value]
  let count = 0
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue
    if (!Array.isArray(next)) count++
    for (const part of Object.values(next) as unknown[]) open.push(part)
  }
  return count
}
