import * as v from 'valibot'
import { deviceId, hex, setId, walletId } from '../../src/server/operations/schemas.ts'
import type { EventType } from '../../src/server/events/event.ts'
import { curve } from '../../src/service/schemas.ts'
import { APPROVAL_ID, DEVICE_ID, SET_ID, WALLET_ID } from './examples.ts'
import { type Json, ref, type Schema } from './schemas.ts'

const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))
const operationId = v.pipe(hex(16), v.description('The operation, as in the audit log.'))
const replacedBy = v.pipe(v.optional(setId), v.description('The set that has replaced it, if one has.'))
const until = v.pipe(time, v.description('Until when.'))

/** Fields of `data` besides those of every event, in the order in which they are sent. */
const FIELDS = {
  walletId,
  setId,
  operationId,
  replacedBy,
  operation: v.pipe(v.string(), v.description('The kind of operation that has made it.')),
  curve,
  dryRun: v.pipe(v.boolean(), v.description('Whether the backup is only tried.')),
  until,
  deviceId,
  anyWalletId: v.pipe(v.optional(walletId), v.description('If the action is of a wallet that exists.')),
  anySetId: v.pipe(v.optional(setId), v.description('If the action uses a set.')),
  anyOperationId: v.pipe(v.optional(hex(16)), v.description('The operation that has asked or goes on, if it is one.')),
  approvalId: v.pipe(hex(16), v.description('The request for approval.')),
  action: v.pipe(v.string(), v.description('The action that waits, as a policy gets it.')),
  by: v.pipe(v.string(), v.description("A device's id, `operator` with or without a name, or `unsealed`.")),
  joiningDeviceId: v.pipe(v.optional(deviceId), v.description('The joining device, if it seals its requests.')),
}

const EXAMPLES = {
  walletId: WALLET_ID,
  setId: SET_ID,
  operationId: 'ab'.repeat(16),
  replacedBy: 'b5'.repeat(32),
  operation: 'backup',
  curve: 'ed25519',
  dryRun: false,
  until: '2026-01-01T01:00:00.000Z',
  anyWalletId: WALLET_ID,
  anySetId: SET_ID,
  anyOperationId: 'ab'.repeat(16),
  approvalId: APPROVAL_ID,
  action: 'sign',
  by: 'operator',
  deviceId: DEVICE_ID,
  joiningDeviceId: DEVICE_ID,
}

type Field = keyof typeof FIELDS

/** One type of event. */
interface EventKind {
  readonly summary: string
  readonly fields: readonly Field[]
}

const OF_SET = ['walletId', 'setId'] as const
const OF_APPROVAL = ['anyWalletId', 'anySetId', 'anyOperationId', 'approvalId', 'action'] as const
const OF_OPERATION = [...OF_SET, 'operationId'] as const

/** Every type of event: what has happened, and what is in `data` besides `clientId` and `sequence`. */
export const EVENTS: Readonly<Record<EventType, EventKind>> = {
  'set.created': { summary: 'A wallet was made, with its first signing set', fields: OF_OPERATION },
  'set.imported': { summary: 'A wallet was made of an existing key', fields: OF_OPERATION },
  'set.recovered': { summary: 'A signing set was made from a backup', fields: OF_OPERATION },
  'set.joined': { summary: 'A signing set was made for another device', fields: OF_OPERATION },
  'set.refreshed': { summary: 'A signing set was made from the one that it replaces', fields: OF_OPERATION },
  'set.proven': { summary: 'The holder of a new signing set has proven possession: it is in use', fields: OF_SET },
  'set.retired': { summary: 'A signing set signs no more', fields: [...OF_SET, 'replacedBy'] },
  'set.expired': { summary: 'The time of a limited set is over: it signs no more', fields: OF_SET },
  'set.destroyed': {
    summary: "The server's share of a signing set was destroyed, or a backup was replaced",
    fields: [...OF_SET, 'replacedBy'],
  },
  'set.exported': {
    summary: "A private key was exported: the server's share was released",
    fields: [...OF_OPERATION, 'curve'],
  },
  'set.banned': { summary: 'The client of a signing set was caught cheating in ECDSA', fields: OF_SET },
  'set.locked': { summary: 'Failed proofs have locked a set out', fields: ['setId', 'until'] },
  'set.unlocked': { summary: 'The lock-out of a set has ended early', fields: ['setId'] },
  'backup.created': { summary: 'A backup was made; it is not confirmed yet', fields: [...OF_OPERATION, 'operation'] },
  'backup.confirmed': { summary: 'The app has confirmed that it has the backup', fields: OF_SET },
  'recovery.started': { summary: 'Somebody begins to recover from a backup', fields: [...OF_OPERATION, 'dryRun'] },
  'join.started': {
    summary: 'A device begins to make a set for another one',
    fields: [...OF_OPERATION, 'joiningDeviceId'],
  },
  'device.added': { summary: 'A device gets its first set', fields: ['deviceId'] },
  'device.revoked': { summary: 'A device was revoked', fields: ['deviceId'] },
  'device.locked': { summary: 'Failures have locked a device out', fields: ['until', 'deviceId'] },
  'device.unlocked': { summary: 'The lock-out of a device has ended early', fields: ['deviceId'] },
  'client.locked': { summary: 'Denied exports have locked a client out of exports', fields: ['until'] },
  'client.unlocked': { summary: 'The lock-out of a client has ended early', fields: [] },
  'approval.requested': { summary: 'A request waits for an approval or a time', fields: OF_APPROVAL },
  'approval.granted': { summary: 'A request was approved', fields: [...OF_APPROVAL, 'by'] },
  'approval.denied': { summary: 'A request was denied', fields: [...OF_APPROVAL, 'by'] },
  'approval.cancelled': { summary: 'A request was cancelled', fields: [...OF_APPROVAL, 'by'] },
  'approval.used': { summary: 'A request that has waited goes on', fields: OF_APPROVAL },
}

const NAMES: Partial<Record<Field, string>> = {
  joiningDeviceId: 'deviceId',
  anyWalletId: 'walletId',
  anySetId: 'setId',
  anyOperationId: 'operationId',
}

/** The schemas of events by their names in `components/schemas`. */
export const eventSchemas: Readonly<Record<string, Schema>> = Object.fromEntries(
  Object.entries(EVENTS).map(([type, { fields }]) => [schemaName(type), eventSchema(type, fields)]),
)

function eventSchema(type: string, fields: readonly Field[]): Schema {
  const data = {
    clientId: v.pipe(v.string(), v.description("The app's name for the client.")),
    sequence: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.description("The number of the entry in the client's audit log: it grows from event to event, with gaps."),
    ),
    ...Object.fromEntries(fields.map((field) => [nameOf(field), FIELDS[field]])),
  }
  return v.pipe(
    // Not strict: fields may be added without a new version.
    v.object({
      type: v.literal(type),
      timestamp: v.pipe(time, v.description('When it happened.')),
      version: v.literal(1),
      data: v.object(data),
    }),
    v.metadata({ examples: [eventExample(type, fields)] }),
  )
}

function eventExample(type: string, fields: readonly Field[]): Json {
  const data = Object.fromEntries(fields.map((field) => [nameOf(field), EXAMPLES[field]]))
  return { type, timestamp: '2026-01-01T00:00:00.000Z', version: 1, data: { clientId: 'alice', sequence: 12, ...data } }
}

/** The device of an invitation has the name that all devices have, and ids that may be missing that of all ids. */
function nameOf(field: Field): string {
  return NAMES[field] ?? field
}

/** `set.created` as `SetCreatedEvent`. */
function schemaName(type: string): string {
  return `${type.replace(/(?:^|\.)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Event`
}

/** The headers of every event, by their names in `components/parameters`. */
export const eventHeaders: Readonly<Record<string, Json>> = {
  WebhookId: header(
    'webhook-id',
    'The id of the event: the same in every attempt, and when it is replayed.',
    `evt_${'ab'.repeat(16)}`,
  ),
  WebhookTimestamp: header('webhook-timestamp', 'When the attempt is made, in whole seconds since 1970.', '1767225600'),
  WebhookSignature: header(
    'webhook-signature',
    'With spaces between them, for each secret: `v1,` and the HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>` in base64.',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ),
}

/** How the app's backend responds, by the names in `components/responses`. */
export const eventResponses: Readonly<Record<string, Json>> = {
  EventReceived: { description: 'The event was received; the body is not read.' },
  EventsGone: { description: 'No more events are to be sent to this URL.' },
  EventNotReceived: { description: 'The event is sent again later. Redirects are not followed.' },
}

function header(name: string, description: string, example: string): Json {
  return { name, in: 'header', required: true, description, schema: { type: 'string' }, example }
}

const response = (name: string): Json => ({ $ref: `#/components/responses/${name}` })

/** The `webhooks` of the document: a request to the app's backend for each type of event. */
export function eventWebhooks(): Json {
  const webhooks = Object.entries(EVENTS).map(([type, { summary }]) => [
    type,
    {
      post: {
        tags: ['events'],
        summary,
        security: [],
        parameters: Object.keys(eventHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` })),
        requestBody: { required: true, content: { 'application/json': { schema: ref(schemaName(type)) } } },
        responses: {
          '2XX': response('EventReceived'),
          '410': response('EventsGone'),
          default: response('EventNotReceived'),
        },
      },
    },
  ])
  return Object.fromEntries(webhooks) as Json
}
