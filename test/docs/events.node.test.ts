import { describe, expect, test } from 'vitest'
import { EVENTS } from '../../scripts/openapi/events.ts'
import { AUDIT_EVENTS, type AuditEntry } from '../../src/server/audit/entry.ts'
import { eventOf } from '../../src/server/events/event.ts'
import { readPage } from './blocks.ts'
import { readDocument, type Json } from './openapi.ts'

const server = readDocument('docs/reference/openapi-server.json')
const webhooks = server.root['webhooks'] as Readonly<Record<string, { readonly post: Json }>>
const [SET, WALLET, DEVICE, OPERATION] = ['5e'.repeat(32), '0b'.repeat(16), 'd0'.repeat(32), 'ab'.repeat(16)]
const AT = new Date(Date.UTC(2026, 0, 1))

/** The schema of the body of an event. */
function schemaOf(type: string): Json {
  const { requestBody } = webhooks[type]!.post as { requestBody: { content: Record<string, { schema: Json }> } }
  return requestBody.content['application/json']!.schema
}

/** The fields of the data of an event, by its schema. */
function fieldsOf(type: string): { all: string[]; required: string[] } {
  const name = (schemaOf(type)['$ref'] as string).split('/').at(-1)
  const { properties } = server.schema(name) as { properties: { data: { properties: Json; required: string[] } } }
  return { all: Object.keys(properties.data.properties), required: properties.data.required }
}

const ofSet = { walletId: WALLET, setId: SET }

/** The entries that are written, by name, with every form of their details. */
const ENTRIES: Readonly<Record<string, readonly Partial<AuditEntry>[]>> = {
  committed: ['backup', 'recover'].map((detail) => ({ ...ofSet, operationId: OPERATION, detail })),
  activated: ['generate', 'import', 'recover', 'join', 'refresh'].map((detail) => ({
    ...ofSet,
    operationId: OPERATION,
    detail,
  })),
  confirmed: [ofSet],
  proven: [ofSet],
  retiring: [ofSet, { ...ofSet, detail: 'b5'.repeat(32) }],
  expired: [ofSet],
  destroyed: [ofSet, { ...ofSet, detail: 'b5'.repeat(32) }],
  exported: [{ ...ofSet, operationId: OPERATION, detail: 'secp256k1' }],
  poisoned: [{ ...ofSet, detail: '1' }],
  recoveryStarted: [
    { ...ofSet, operationId: OPERATION },
    { ...ofSet, operationId: OPERATION, detail: 'dryRun' },
  ],
  joinStarted: [
    { ...ofSet, operationId: OPERATION },
    { ...ofSet, operationId: OPERATION, detail: DEVICE },
  ],
  deviceAdded: [{ detail: DEVICE }],
  deviceRevoked: [{ detail: DEVICE }],
  lockedOut: [
    { setId: SET, detail: AT.toISOString() },
    { detail: AT.toISOString() },
    { detail: `${AT.toISOString()} ${DEVICE}` },
  ],
  unlocked: [{ setId: SET }, {}, { detail: DEVICE }],
  approvalRequested: approvals(''),
  approvalGranted: approvals(` ${DEVICE}`),
  approvalDenied: approvals(' operator Ann'),
  approvalCancelled: approvals(' unsealed'),
  approvalUsed: approvals(''),
}

/** The entries of an operation and of an action without a wallet. @param by who has decided, after a space */
function approvals(by: string): Partial<AuditEntry>[] {
  const approvalId = 'a9'.repeat(16)
  return [
    { ...ofSet, operationId: OPERATION, detail: `${approvalId} sign${by}` },
    { detail: `${approvalId} revoke${by}` },
  ]
}

const events = Object.entries(ENTRIES).flatMap(([event, entries]) =>
  entries.map((entry) => {
    const whole = { walletId: '', setId: '', operationId: '', detail: '', ...entry }
    return eventOf({ clientId: 'alice', sequence: 1, at: AT, epoch: 1, event, ...whole })!
  }),
)

describe('every event', () => {
  test('is in the document', () => {
    expect(Object.keys(webhooks).sort()).toEqual([...new Set(events.map(({ type }) => type))].sort())
    expect(Object.keys(webhooks)).toEqual(Object.keys(EVENTS))
  })

  test('fits its schema, and has no other fields', () => {
    for (const event of events) {
      expect([event, server.faults(schemaOf(event.type), event)]).toEqual([event, []])
      const { all } = fieldsOf(event.type)
      expect(Object.keys(event.data).filter((field) => !all.includes(field))).toEqual([])
    }
  })

  test('has as required what it always has', () => {
    for (const type of Object.keys(webhooks)) {
      const ofType = events.filter((event) => event.type === type)
      const always = fieldsOf(type).all.filter((field) => ofType.every(({ data }) => field in data))
      expect([type, ...fieldsOf(type).required.toSorted()]).toEqual([type, ...always.toSorted()])
    }
  })

  test('is of an entry of the log; entries of other names are none', () => {
    const others = AUDIT_EVENTS.filter((event) => !(event in ENTRIES))
    const sent = (event: string) => eventOf({ ...ENTRY, event })
    expect(others.filter((event) => sent(event) !== undefined)).toEqual([])
    expect(sent('somethingNew')).toBeUndefined()
    expect(Object.keys(ENTRIES).filter((event) => !(AUDIT_EVENTS as readonly string[]).includes(event))).toEqual([])
  })
})

const ENTRY = { clientId: 'a', sequence: 1, at: AT, epoch: 1, walletId: '', setId: '', operationId: '', detail: '' }

test('the page of events has the same types and fields', () => {
  const rows = readPage('docs/events.md').matchAll(/^\| `([a-z]+\.[a-z_]+)` \|[^|]*\|([^|]*)\|$/gm)
  const listed = [...rows].map(([, type, fields]) => [
    type,
    [...(fields as string).matchAll(/`(\w+)`/g)].map(([, f]) => f),
  ])
  const documented = Object.keys(webhooks).map((type) => [
    type,
    fieldsOf(type).all.filter((field) => field !== 'clientId' && field !== 'sequence'),
  ])
  expect(listed).toEqual(documented)
})
