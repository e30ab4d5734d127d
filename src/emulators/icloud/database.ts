import { fromBase64 } from '../../util/bytes.ts'
import { badRequest, CloudKitRefusal, type CloudKitErrorCode } from './errors.ts'
import type { BytesField, ModifyOperation } from './requests.ts'

/** A record as it is stored. */
interface StoredRecord {
  readonly recordType: string
  readonly fields: Readonly<Record<string, BytesField>>
  readonly recordChangeTag: string
  readonly timestamp: number
}

/** What the records of a container may be. */
export interface RecordSchema {
  /** The names of the fields of each record type; all are of type Bytes. */
  readonly types: Map<string, Set<string>>
  /** Whether a write that has a new type or field adds it, as in the development environment. */
  readonly grows: boolean
}

/** The private database of one user in one environment of a container. */
export interface PrivateDatabase {
  readonly records: Map<string, StoredRecord>
  changes: number
}

/** What a change needs to know. */
export interface ChangeContext {
  readonly database: PrivateDatabase
  readonly schema: RecordSchema
  readonly now: number
  /** How many bytes the user may add. */
  readonly freeBytes: number
  /** What a `create` for a name that exists is refused with. */
  readonly existsCode: CloudKitErrorCode & ('EXISTS' | 'CONFLICT')
}

/**
 * Carries one operation of `records/modify` out.
 *
 * @returns the record's dictionary
 * @throws {CloudKitRefusal} if it is refused; nothing is changed then
 */
export function modify(operation: ModifyOperation, context: ChangeContext): object {
  const { database, existsCode, freeBytes, now } = context
  const { recordName } = operation
  const existing = database.records.get(recordName)
  if (operation.operationType === 'create') {
    if (existing !== undefined) throw new CloudKitRefusal(existsCode, 'record to insert already exists')
    const { recordType, fields } = operation
    checkSchema(operation, context.schema)
    if (sizeOf(fields) > freeBytes) throw new CloudKitRefusal('QUOTA_EXCEEDED', 'Quota exceeded')
    const record = { recordType, fields, recordChangeTag: (++database.changes).toString(36), timestamp: now }
    database.records.set(recordName, record)
    return dictionary(recordName, record)
  }
  if (existing === undefined) throw new CloudKitRefusal('NOT_FOUND', 'Record not found')
  if (operation.operationType === 'delete' && operation.recordChangeTag !== existing.recordChangeTag) {
    throw new CloudKitRefusal('CONFLICT', 'recordChangeTag is not the latest')
  }
  database.records.delete(recordName)
  database.changes++
  return { recordName, deleted: true }
}

/** @throws {NOT_FOUND} if there is no such record */
export function lookup(database: PrivateDatabase, name: string, desiredKeys: readonly string[] | undefined): object {
  const record = database.records.get(name)
  if (record === undefined) throw new CloudKitRefusal('NOT_FOUND', 'Record not found')
  return dictionary(name, record, desiredKeys)
}

/** How many bytes the fields have. */
export function sizeOf(fields: Readonly<Record<string, BytesField>>): number {
  return Object.values(fields).reduce((sum, { value }) => sum + fromBase64(value).length, 0)
}

function checkSchema(
  { recordType, fields }: ModifyOperation & { operationType: 'create' },
  schema: RecordSchema,
): void {
  const known = schema.types.get(recordType)
  const names = Object.keys(fields)
  if (schema.grows) schema.types.set(recordType, new Set([...(known ?? []), ...names]))
  else if (known === undefined) throw badRequest(`Cannot create new type ${recordType} in production schema`)
  else if (!names.every((name) => known.has(name))) throw badRequest(`Cannot add a field to ${recordType}`)
}

function dictionary(recordName: string, record: StoredRecord, desiredKeys?: readonly string[]): object {
  const { recordType, recordChangeTag, timestamp } = record
  const fields = Object.entries(record.fields).filter(([name]) => desiredKeys?.includes(name) ?? true)
  const change = { timestamp, userRecordName: '_user', deviceID: '1' }
  return {
    recordName,
    recordType,
    fields: Object.fromEntries(fields),
    pluginFields: {},
    recordChangeTag,
    created: change,
    modified: change,
    deleted: false,
  }
}
