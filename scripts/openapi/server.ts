import * as v from 'valibot'
import { REQUEST_FIELDS_MAX_LENGTH, SEALED_CONTENT_TYPE } from '../../src/channel/messages.ts'
import { REQUEST_OVERHEAD } from '../../src/channel/seal.ts'
import { DEFAULT_LIMITS } from '../../src/server/context.ts'
import { hex, openingProof, path, setId, walletId, deviceId } from '../../src/server/operations/schemas.ts'
import { source } from '../../src/server/operations/sign.ts'
import { authorization, backupMethod, curve, receiver } from '../../src/service/schemas.ts'
import { ROUND_CONTENT_TYPE } from '../../src/wire/round-body.ts'
import { WALLETS_PER_PAGE } from '../../src/wire/wallets.ts'
import { DEVICE_OPERATIONS } from './device-operations.ts'
import { createErrors, errorBody, errorCode } from './errors.ts'
import { eventHeaders, eventResponses, eventSchemas, eventWebhooks } from './events.ts'
import * as example from './examples.ts'
import { headerSchemas } from './headers.ts'
import {
  HEADERS,
  NO_BODY,
  NO_STORE,
  REPEATABLE,
  operationObject,
  pathItems,
  pathParameter,
  type Operation,
} from './operation.ts'
import * as responses from './responses.ts'
import { createSchemas, ref, type Json } from './schemas.ts'
import { REFUSED, ROUND_ERRORS, SERVER_ERRORS } from './server-errors.ts'

const operationId = v.pipe(
  hex(16),
  v.description('Random bytes of the client: they name the operation, however often it is sent.'),
)

const code = errorCode(
  'The code decides; the status follows from it. `TIMEOUT` is sent only within a sealed response, with status 425. ' +
    '`STORAGE_CONFLICT` comes from the custodian only. `STORAGE_UNAVAILABLE` is reserved.',
)

const headers = headerSchemas()
const emptyHeader = v.pipe(
  v.strictObject({}),
  v.description('The header of every later request, and of every response but the last.'),
)

const schemas = createSchemas({
  WalletId: walletId,
  OperationId: operationId,
  SetId: setId,
  DeviceId: deviceId,
  ApprovalId: responses.approvalId,
  WalletCursor: responses.walletCursor,
  Curve: curve,
  BackupMethod: backupMethod,
  SetState: responses.setState,
  Path: path,
  Authorization: authorization,
  Receiver: receiver,
  OpeningProof: openingProof,
  SignatureSource: source,
  ...headers,
  EmptyHeader: emptyHeader,
  OperationResult: responses.operationResult,
  JoinStatus: responses.joinStatus,
  Decision: responses.decision,
  SetStatus: responses.setStatus,
  SetList: responses.setList,
  DeviceStatus: responses.deviceStatus,
  UnboundSets: responses.unboundSets,
  DeviceList: responses.deviceList,
  Approval: responses.approval,
  ApprovalList: responses.approvalList,
  WalletBackup: responses.walletBackup,
  WalletStatus: responses.walletStatus,
  WalletPage: responses.walletPage,
  ...eventSchemas,
  ErrorCode: code,
  ErrorBody: errorBody(code),
})

const bytes = (contentMediaType: string, description: string): Json => ({ description, contentMediaType })

const BINARY: Json = {
  RoundBody: bytes(
    ROUND_CONTENT_TYPE,
    'Bytes, no JSON: `version u8 = 1 | header length u32 | header, JSON | count u8 | count × (slot u8 | length u32 | envelope)`. ' +
      'The header has at most 262,144 bytes. `docs/wire.md` has the envelopes.',
  ),
  SealedRequest: bytes(
    SEALED_CONTENT_TYPE,
    'Bytes, no JSON: `version u8 | key id[8] | device public key[32] | encapsulated key[32] | ciphertext | tag[16]`. The ' +
      'plaintext is padded to a multiple of 256 bytes.',
  ),
  SealedResponse: bytes(
    SEALED_CONTENT_TYPE,
    "Bytes, no JSON: `version u8 | response nonce[32] | ciphertext | tag[16]`. The plaintext has the status, the server's " +
      'time and the body.',
  ),
  OperationHeader: {
    description: 'The header of the first round of an operation.',
    oneOf: Object.keys(headers).map(ref),
  },
}

const count = (bytesOf: number) => bytesOf.toLocaleString('en-US')
const { bodyBytes } = DEFAULT_LIMITS
const sealedBytes = REQUEST_OVERHEAD + REQUEST_FIELDS_MAX_LENGTH + bodyBytes

const round = (description: string) =>
  ({ description, contentType: ROUND_CONTENT_TYPE, schema: ref('RoundBody') }) as const
const json = (name: string, description: string, value: unknown) => ({ description, schema: ref(name), example: value })

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /v1/operations/{operationId}/rounds/{round}': {
    operationId: 'sendRound',
    tag: 'operations',
    summary: 'Send one round of an operation',
    description:
      'The header of round 1 is an `OperationHeader`; that of each later request, and of each response but the last, is an ' +
      '`EmptyHeader`. The header of the last response is an `OperationResult`. The same request gets the same bytes. The ' +
      'content type must be exactly the one listed, without parameters.',
    request: round(`At most ${count(bodyBytes)} bytes unless \`limits.bodyBytes\` says otherwise.`),
    response: round(
      "The server's messages of this round. The header is an `EmptyHeader`, or with the last round an `OperationResult`.",
    ),
    errors: [...REFUSED, ...ROUND_ERRORS],
  },
  'POST /v1/operations/{operationId}/abort': {
    operationId: 'abortOperation',
    tag: 'operations',
    summary: 'Abort an operation unless it was decided before',
    description: NO_BODY,
    response: json('Decision', 'The decision, which never changes.', { decision: 'ABORT' }),
    errors: REFUSED,
  },
  'GET /v1/joins/{operationId}/rounds/{round}': {
    operationId: 'getJoinRound',
    tag: 'joins',
    summary: 'How far a join is, and what a round has left for this device',
    description: 'For the two devices of the join alone. `round` is one of the other device.',
    response: round(
      'The header is a `JoinStatus`. There are no messages while that round has not run, after an abort, or once the ' +
        'responses were deleted.',
    ),
    errors: REFUSED,
  },
  'GET /v1/sets/{setId}': {
    operationId: 'getSet',
    tag: 'sets',
    summary: 'The status of a share set',
    response: json('SetStatus', 'The set.', example.signingSet),
    errors: REFUSED,
  },
  'POST /v1/sets/{setId}/retire': {
    operationId: 'retireSet',
    tag: 'sets',
    summary: 'Retire a signing set: the server destroys its share',
    description: REPEATABLE,
    response: json('SetStatus', 'The set after that.', example.retiredSet),
    errors: [
      ...REFUSED,
      'POLICY_DENIED',
      'APPROVAL_REQUIRED',
      'OPERATION_IN_PROGRESS',
      'SET_MISMATCH',
      'WEBHOOK_FAILED',
    ],
  },
  'POST /v1/sets/{setId}/confirm': {
    operationId: 'confirmBackup',
    tag: 'sets',
    summary: 'Confirm a backup set: the app has stored its cipherText',
    description: REPEATABLE,
    response: json('SetStatus', 'The set after that.', example.backupSet),
    errors: [
      ...REFUSED,
      ...[
        'POLICY_DENIED',
        'APPROVAL_REQUIRED',
        'SHARE_NOT_FOUND',
        'OPERATION_IN_PROGRESS',
        'SET_MISMATCH',
        'BACKUP_SUPERSEDED',
      ],
      ...['SHARE_PARSING_FAILED', 'WEBHOOK_FAILED'],
    ],
  },
  'GET /v1/wallets': {
    operationId: 'findWallets',
    tag: 'wallets',
    summary: "The client's wallets, oldest first",
    description: "The policy is asked first, with `action: 'find'`.",
    query: [
      {
        name: 'limit',
        in: 'query',
        description: 'The most wallets that the page has.',
        schema: { type: 'integer', minimum: 1, maximum: WALLETS_PER_PAGE, default: WALLETS_PER_PAGE },
      },
      {
        name: 'after',
        in: 'query',
        description: 'The `next` of the page before; without it, the first page.',
        schema: ref('WalletCursor'),
      },
    ],
    response: json('WalletPage', 'A page of wallets.', example.walletPage),
    errors: [...REFUSED, 'POLICY_DENIED'],
  },
  'GET /v1/wallets/{walletId}/sets': {
    operationId: 'listSets',
    tag: 'wallets',
    summary: 'The sets of a wallet, in the order in which they were made',
    description: 'Without aborted ones: all that are in use, and the newest 500 that have ended.',
    response: json('SetList', 'The sets.', { sets: [example.signingSet, example.backupSet] }),
    errors: REFUSED,
  },
  ...DEVICE_OPERATIONS,
  'POST /v1/sealed': {
    operationId: 'sendSealed',
    tag: 'sealed',
    summary: "Send any other request of this API, sealed to the server's key",
    description:
      'The credentials, the path and the body are inside; `docs/wire.md` has the bytes. The device is the public key that ' +
      'seals. A request within that is not a GET is valid for 5 minutes: after that the response within is of status 425 ' +
      'with the code `TIMEOUT`, and the client seals the request again.',
    security: [],
    request: {
      description: `At most ${count(sealedBytes)} bytes unless \`limits.bodyBytes\` says otherwise.`,
      contentType: SEALED_CONTENT_TYPE,
      schema: ref('SealedRequest'),
    },
    response: {
      description: 'The sealed response, whatever the status of the response within.',
      contentType: SEALED_CONTENT_TYPE,
      schema: ref('SealedResponse'),
    },
    errors: ['CHANNEL_FAILED sealed', 'PROTOCOL_VERSION_UNSUPPORTED sealed', 'INTERNAL failed'],
  },
}

/** The document of the signing server. @param version of the package */
export function serverDocument(version: string): Json {
  const errors = createErrors(SERVER_ERRORS, NO_STORE)
  const paths = pathItems(OPERATIONS, (operation) => operationObject(operation, errors), {
    operationId: pathParameter('operationId', ref('OperationId')),
    setId: pathParameter('setId', ref('SetId')),
    walletId: pathParameter('walletId', ref('WalletId')),
    deviceId: pathParameter('deviceId', ref('DeviceId')),
    approvalId: pathParameter('approvalId', ref('ApprovalId')),
    round: pathParameter('round', { type: 'integer', minimum: 1, maximum: 9 }),
  })
  return {
    openapi: '3.1.0',
    info: {
      title: 'Signing server of reshare',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'The HTTP API of the signing server. `docs/reference/http-api.md` says what each request does, `docs/wire.md` what is ' +
        'in the messages. A path or method that does not exist is 404 `BAD_REQUEST`. Every request may also be sent sealed, ' +
        'to `/v1/sealed`.',
    },
    servers: [{ url: 'https://mpc.example', description: 'Where you run the server.' }],
    security: [{ client: [] }],
    tags: [
      { name: 'operations', description: 'What takes both shares, in rounds.' },
      ...['joins', 'sets', 'wallets', 'devices', 'approvals', 'sealed'].map((name) => ({ name })),
      {
        name: 'events',
        description: "What the server sends to the app's backend, as Standard Webhooks: `docs/events.md`.",
      },
    ],
    paths,
    components: {
      securitySchemes: {
        client: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The credentials that `authenticate` reads: by default a token of `apiTokens`. An `authenticate` of your own may ' +
            'read any header of an unsealed request, and `authorization` of a sealed one.',
        },
      },
      headers: HEADERS,
      parameters: eventHeaders,
      responses: { ...errors.components(), ...eventResponses },
      schemas: { ...schemas.components, ...BINARY },
    },
    webhooks: eventWebhooks(),
  }
}
