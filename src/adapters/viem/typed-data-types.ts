import { isText, readAddress, readBytes } from './values.ts'

/** A member of a struct, as `types` of EIP-712 lists them. */
export interface TypedDataField {
  /** The member's name. */
  readonly name: string
  /** The member's type: an atomic type, a struct, or an array of either. */
  readonly type: string
}

/** The structs of typed data by name, as in EIP-712. */
export type TypedDataTypes = Readonly<Record<string, readonly TypedDataField[]>>

/** Reads a value into its canonical form. Returns undefined if it is not of the type. */
export type ValueReader = (value: unknown) => string | boolean | undefined

/** The fields of a domain and their types (EIP-712, "Definition of domainSeparator"). */
const DOMAIN_FIELDS: Readonly<Record<string, string>> = {
  name: 'string',
  version: 'string',
  chainId: 'uint256',
  verifyingContract: 'address',
  salt: 'bytes32',
}

const READERS: Readonly<Record<string, ValueReader>> = {
  address: readAddress,
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  bytes: readBytes,
  string: (value) => (isText(value) ? value : undefined),
}

/** The reader of an atomic type, of `bytes` or of `string`. Undefined for other and unknown types. */
export function readerOf(type: string): ValueReader | undefined {
  const [, unsigned, bits] = /^(u?)int([1-9]\d{0,2})$/.exec(type) ?? []
  if (bits !== undefined) return integerReader(unsigned === '', Number(bits))
  const [, length] = /^bytes([1-9]\d?)$/.exec(type) ?? []
  if (length !== undefined) return fixedBytesReader(Number(length))
  return Object.hasOwn(READERS, type) ? READERS[type] : undefined
}

function integerReader(signed: boolean, bits: number): ValueReader | undefined {
  if (bits % 8 !== 0 || bits > 256) return undefined
  const end = 1n << BigInt(signed ? bits - 1 : bits)
  return (value) => {
    const integer = readInteger(value)
    if (integer === undefined || integer >= end || integer < (signed ? -end : 0n)) return undefined
    return integer.toString()
  }
}

/** Reads an integer. A number that is not a safe integer is refused, since it may have lost digits. */
function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  // No integer of 256 bits has more characters.
  if (typeof value !== 'string' || value.length > 80) return undefined
  return /^(?:-?\d+|0x[0-9a-fA-F]+)$/.test(value) ? BigInt(value) : undefined
}

function fixedBytesReader(length: number): ValueReader | undefined {
  if (length > 32) return undefined
  return (value) => {
    const bytes = readBytes(value)
    return bytes?.length === 2 + 2 * length ? bytes : undefined
  }
}

/** The type of an array's items, and its length if that is fixed. Undefined if the type is not an array. */
export function arrayOf(type: string): { readonly item: string; readonly length: number | undefined } | undefined {
  const match = /^(.+)\[([1-9]\d*)?\]$/.exec(type)
  if (match === null) return undefined
  return { item: match[1] as string, length: match[2] === undefined ? undefined : Number(match[2]) }
}

/**
 * Checks the structs of typed data. Types that libraries interpret differently are refused.
 *
 * @throws {RangeError} if they are invalid; the message names the position
 */
export function expectTypes(types: TypedDataTypes, primaryType: string): void {
  for (const [name, fields] of Object.entries(types)) {
    if (!isStructName(name, types, primaryType)) throw new RangeError(`types: ${name} cannot be the name of a struct`)
    const names = fields.map((field) => field.name)
    if (new Set(names).size !== names.length) throw new RangeError(`types.${name}: two fields have the same name`)
    for (const field of fields) expectField(field, name, types)
  }
  if (primaryType === 'EIP712Domain' || !Object.hasOwn(types, primaryType)) {
    throw new RangeError('primaryType must be one of types')
  }
}

function expectField({ name, type }: TypedDataField, struct: string, types: TypedDataTypes): void {
  const place = `types.${struct}: the field ${name}`
  // Names are joined to one string that is hashed, where a name with a comma would look like two.
  if (!/^[A-Za-z_$][\w$]*$/.test(name) || name in Object.prototype) throw new RangeError(`${place} has a wrong name`)
  if (struct === 'EIP712Domain') {
    const isStandard = Object.hasOwn(DOMAIN_FIELDS, name) && DOMAIN_FIELDS[name] === type
    if (!isStandard) throw new RangeError(`${place} is none of EIP-712, or not of its type`)
  }
  let base = type
  for (let array = arrayOf(base); array !== undefined; array = arrayOf(base)) base = array.item
  const isStruct = Object.hasOwn(types, base) && base !== 'EIP712Domain'
  if (!isStruct && readerOf(base) === undefined) throw new RangeError(`${place} has an unknown type`)
}

/**
 * Whether a name is an identifier that is not a type itself. Some applications have a single struct with a colon in its
 * name, which is allowed. With several structs, libraries disagree about such a name.
 */
function isStructName(name: string, types: TypedDataTypes, primaryType: string): boolean {
  if (/^(?:u?int|bytes)\d*$/.test(name) || Object.hasOwn(READERS, name) || name in Object.prototype) return false
  if (/^[A-Za-z_]\w*$/.test(name)) return true
  const others = Object.keys(types).filter((other) => other !== 'EIP712Domain' && other !== name)
  const isNested = types[name]?.some(({ type }) => type.startsWith(name)) ?? false
  return /^[A-Za-z_$][\w$:]*$/.test(name) && name === primaryType && others.length === 0 && !isNested
}
