import { fromBase64, fromUtf8 } from '../../util/bytes.ts'
import { badRequest } from './errors.ts'

/** A field of type Bytes: the only one that the emulator knows. */
export interface BytesField {
  /** Base64 with padding. */
  readonly value: string
  readonly type: 'BYTES'
}

/** An operation of `records/modify`. */
export type ModifyOperation =
  | {
      readonly operationType: 'create'
      readonly recordName: string
      readonly recordType: string
      readonly fields: Readonly<Record<string, BytesField>>
    }
  | { readonly operationType: 'delete'; readonly recordName: string; readonly recordChangeTag: string }
  | { readonly operationType: 'forceDelete'; readonly recordName: string }

/** Operations or records of one request, at most. */
const MAX_ITEMS = 200
/** A request's body in bytes, at most. */
const MAX_BODY = 2 * 2 ** 20
/** A record's fields in bytes, at most. */
const MAX_RECORD = 2 ** 20

/** @throws {BAD_REQUEST} if it is not the JSON of an object, or in a content type of its own */
export function parseBody(body: Uint8Array, contentType: string | null): Record<string, unknown> {
  if (!/^(?:text\/plain|application\/json)(?:;.*)?$/.test(contentType ?? '')) throw badRequest('unknown content type')
  if (body.length > MAX_BODY) throw badRequest('the request is too long')
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(body))
  } catch {
    throw badRequest('invalid JSON')
  }
  return object(value, 'the request')
}

/** The body of `records/modify`. The zone is read apart. */
export function parseModify(body: Record<string, unknown>): ModifyOperation[] {
  onlyKeys(body, ['operations', 'zoneID', 'atomic', 'desiredKeys', 'numbersAsStrings'])
  if (body['atomic'] === true) throw badRequest('atomic operations are not supported in the default zone')
  return list(body['operations'], 'operations').map((item) => {
    const operation = object(item, 'an operation')
    onlyKeys(operation, ['operationType', 'record', 'desiredKeys'])
    const record = object(operation['record'], 'record')
    onlyKeys(record, ['recordName', 'recordType', 'recordChangeTag', 'fields'])
    const recordName = parseName(record['recordName'])
    const { operationType, recordType, recordChangeTag } = { ...record, ...operation } as Record<string, unknown>
    if (operationType === 'forceDelete') return { operationType, recordName }
    if (operationType === 'delete') {
      if (typeof recordChangeTag !== 'string') throw badRequest('recordChangeTag is required')
      return { operationType, recordName, recordChangeTag }
    }
    if (operationType !== 'create') throw badRequest('unknown operationType, or none that is emulated')
    if (typeof recordType !== 'string' || !/^[A-Za-z]\w{0,254}$/.test(recordType)) throw badRequest('bad recordType')
    return { operationType, recordName, recordType, fields: parseFields(record['fields']) }
  })
}

/** The body of `records/lookup`: the names of the records, and of the fields that are wanted of each. */
export function parseLookup(body: Record<string, unknown>): { names: string[]; desiredKeys: string[] | undefined } {
  onlyKeys(body, ['records', 'zoneID', 'desiredKeys', 'numbersAsStrings'])
  const { desiredKeys } = body
  if (desiredKeys !== undefined && !isStrings(desiredKeys)) throw badRequest('desiredKeys must be strings')
  const names = list(body['records'], 'records').map((item) => {
    const record = object(item, 'a record')
    onlyKeys(record, ['recordName', 'desiredKeys'])
    return parseName(record['recordName'])
  })
  return { names, desiredKeys }
}

/** The name of the zone of a request. */
export function parseZone(zoneId: unknown): string {
  if (zoneId === undefined) return '_defaultZone'
  const zone = object(zoneId, 'zoneID')
  onlyKeys(zone, ['zoneName', 'ownerRecordName', 'zoneType'])
  const { zoneName } = zone
  if (typeof zoneName !== 'string' || zoneName === '') throw badRequest('zoneName is required')
  return zoneName
}

function parseFields(value: unknown): Record<string, BytesField> {
  const fields = object(value, 'fields')
  let length = 0
  const parsed = Object.entries(fields).map(([name, given]) => {
    if (!/^[A-Za-z]\w{0,254}$/.test(name)) throw badRequest('bad name of a field')
    const field = object(given, 'a field')
    onlyKeys(field, ['value', 'type'])
    const { value: text, type } = field
    if (type !== 'BYTES' || typeof text !== 'string') throw badRequest('Invalid value, expected type BYTES.')
    try {
      length += fromBase64(text).length
    } catch {
      throw badRequest('Invalid value, expected base64.')
    }
    return [name, { value: text, type }] as const
  })
  if (length > MAX_RECORD) throw badRequest('record too large')
  return Object.fromEntries(parsed)
}

function parseName(value: unknown): string {
  // Names that begin with an underscore are CloudKit's own.
  if (typeof value !== 'string' || !/^(?!_)[ -~]{1,255}$/.test(value)) throw badRequest('bad recordName')
  return value
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS) {
    throw badRequest(`${name} must have 1 to ${MAX_ITEMS} items`)
  }
  return value
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest(`${name} must be an object`)
  return value as Record<string, unknown>
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined) throw badRequest(`Unexpected input: ${unknown}`)
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
