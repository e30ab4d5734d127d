import { hashTypedData, type TypedDataDefinition } from 'viem'

import { arrayOf, expectTypes, readerOf, type TypedDataField, type TypedDataTypes } from './typed-data-types.ts'

/** Maximum depth of nested structs and lists: far more than anybody needs, and less than any engine's stack allows. */
const MOST_LEVELS = 64

/** A value of typed data in canonical form: integers in decimal, bytes in lower-case hex, addresses with checksum. */
export type TypedDataValue = string | boolean | readonly TypedDataValue[] | TypedDataStruct

/** A struct of EIP-712: its values by field name. */
export interface TypedDataStruct {
  readonly [field: string]: TypedDataValue
}

/** Typed data (EIP-712), checked: each value is of its type, and there is no field that is not signed. */
export interface TypedData {
  /** The structs by name. */
  readonly types: TypedDataTypes
  /** The domain separator's values. */
  readonly domain: TypedDataStruct
  /** The struct of the message. */
  readonly primaryType: string
  /** The message's values. */
  readonly message: TypedDataStruct
}

/**
 * Reads typed data strictly: every value must be of its type, and a struct must have all of its fields and no others.
 * Libraries interpret anything else differently, so it would be unclear what was signed.
 *
 * @param value must have `EIP712Domain` among its types, unless the domain is empty
 * @throws {RangeError} if it is not valid typed data; the message names the position
 */
export function readTypedData(value: unknown): TypedData {
  const given = record(value, 'typed data', ['types', 'domain', 'primaryType', 'message'])
  const { primaryType } = given
  if (typeof primaryType !== 'string') throw new RangeError('primaryType must be a string')
  const types: TypedDataTypes = { EIP712Domain: [], ...readTypes(given['types']) }
  expectTypes(types, primaryType)
  const domain = readStruct(types, 'EIP712Domain', given['domain'] === undefined ? {} : given['domain'], {
    place: 'domain',
    level: 1,
  })
  const message = readStruct(types, primaryType, given['message'], { place: 'message', level: 1 })
  return { types, domain, primaryType, message }
}

/** The hash to sign (EIP-712), 32 bytes in hex. */
export function typedDataHash(typedData: TypedData): `0x${string}` {
  return hashTypedData(typedData as unknown as TypedDataDefinition)
}

function readTypes(value: unknown): TypedDataTypes {
  const structs = Object.entries(record(value, 'types')).map(([name, fields]) => {
    if (!Array.isArray(fields)) throw new RangeError(`types.${name} must be a list`)
    return [name, Array.from(fields, (field) => readField(field, `types.${name}`))] as const
  })
  return Object.fromEntries(structs)
}

function readField(value: unknown, place: string): TypedDataField {
  const { name, type } = record(value, place, ['name', 'type'])
  if (typeof name !== 'string' || typeof type !== 'string') throw new RangeError(`${place} must have names and types`)
  return { name, type }
}

/** The position of a value in the typed data, for errors, and its depth in structs and arrays. */
interface Position {
  readonly place: string
  readonly level: number
}

function readStruct(types: TypedDataTypes, name: string, value: unknown, { place, level }: Position): TypedDataStruct {
  if (level > MOST_LEVELS) throw new RangeError(`${place.slice(0, 100)} … has more than ${MOST_LEVELS} levels`)
  const fields = types[name] as readonly TypedDataField[]
  const given = record(
    value,
    place,
    fields.map((field) => field.name),
  )
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      readValue(types, field.type, given[field.name], { place: `${place}.${field.name}`, level: level + 1 }),
    ]),
  )
}

function readValue(types: TypedDataTypes, type: string, value: unknown, position: Position): TypedDataValue {
  const { place, level } = position
  const array = arrayOf(type)
  if (array !== undefined) {
    const { item, length = Array.isArray(value) ? value.length : undefined } = array
    if (!Array.isArray(value) || value.length !== length) throw new RangeError(`${place} must be ${type}`)
    return Array.from(value, (element, index) =>
      readValue(types, item, element, { place: `${place}[${index}]`, level: level + 1 }),
    )
  }
  const read = readerOf(type)
  if (read === undefined) return readStruct(types, type, value, position)
  const result = read(value)
  if (result === undefined) throw new RangeError(`${place} must be ${type}`)
  return result
}

/** The fields of an object. Throws if there are others than the known ones. The caller notices missing fields. */
function record(value: unknown, place: string, known?: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RangeError(`${place} must be an object`)
  }
  const entries = Object.entries(value)
  const unknown = known && entries.find(([name]) => !known.includes(name))
  if (unknown !== undefined) throw new RangeError(`${place} has an unknown field ${unknown[0]}`)
  return Object.fromEntries(entries)
}
