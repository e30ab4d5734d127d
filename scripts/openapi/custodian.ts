import * as v from 'valibot'
import {
  appId,
  BODY_MAX_BYTES,
  cipherText,
  CUSTODIAN_SCHEMAS,
  EXPORT_BODY_MAX_BYTES,
  share,
} from '../../src/custodian/backend/requests.ts'
import { backupMethod, curve, hex, setId } from '../../src/service/schemas.ts'
import { CUSTODIAN_ERRORS } from './custodian-errors.ts'
import { createErrors, errorBody, errorCode } from './errors.ts'
import { BACKUP_SET_ID, OPENING_PROOF, RECEIVER } from './examples.ts'
import { HEADERS, NO_STORE, operationObject, pathItems, pathParameter, type Operation } from './operation.ts'
import { createSchemas, ref, type Json } from './schemas.ts'

const code = errorCode(
  'The codes of all servers of reshare; the status follows from the code. Each response says which of them it has.',
)

const listed = v.strictObject({
  setId: v.pipe(v.nullable(setId), v.description('Null if it was stored without.')),
  backupMethod,
  cipherText,
})

const { backupBody, fetchBody, deleteBody, cipherTextBody, challengeBody, shareBody, exportId, ...queries } =
  CUSTODIAN_SCHEMAS

const schemas = createSchemas({
  AppId: appId,
  SetId: setId,
  Curve: curve,
  BackupMethod: backupMethod,
  Share: share,
  CipherText: cipherText,
  ExportId: exportId,
  StoreShareRequest: backupBody,
  FetchSharesRequest: fetchBody,
  DeleteSharesRequest: deleteBody,
  PutCipherTextRequest: cipherTextBody,
  ChallengeRequest: challengeBody,
  ShareRequest: shareBody,
  BackupShares: v.strictObject({
    backupShares: v.pipe(
      v.array(share),
      v.description("Of that set, or of all the client's; oldest first. Empty if there are none."),
    ),
  }),
  StoredCipherText: v.strictObject({ cipherText }),
  ListedCipherText: listed,
  CipherTextPage: v.strictObject({ backups: v.pipe(v.array(listed), v.maxLength(8)) }),
  ChallengeResponse: v.strictObject({ challenge: hex(32) }),
  ShareResponse: v.strictObject({
    sealed: v.pipe(
      v.string(),
      v.regex(/^(?:[0-9a-f]{2})+$/),
      v.description("The custodian's share of that curve, sealed to `receiver`: `docs/wire.md`."),
    ),
  }),
  Empty: v.strictObject({}),
  ErrorCode: code,
  ErrorBody: errorBody(code),
})

const bodyOf = (limit: number) => `At most ${limit.toLocaleString('en-US')} bytes.`
const takes = (name: string, value: unknown, limit = BODY_MAX_BYTES) => ({
  description: bodyOf(limit),
  schema: ref(name),
  example: value,
})
const gives = (name: string, description: string, value: unknown) => ({
  description,
  schema: ref(name),
  example: value,
})

/** The parameters of a query, from the schema that checks it. */
function parametersOf(query: v.ObjectSchema<v.ObjectEntries, undefined>): Json[] {
  return Object.entries(query.entries).map(([name, entry]) => {
    const { description, ...schema } = schemas.of(entry)
    const isRequired = entry.type !== 'optional' && !v.is(entry, undefined)
    return {
      name,
      in: 'query',
      ...(isRequired && { required: true }),
      ...(description !== undefined && { description }),
      schema,
    }
  })
}

const SHARE = 'c2hhcmU='
const OF_CLIENT = { clientId: 'client 1', setId: BACKUP_SET_ID }
const FAILED = ['INTERNAL failed', 'INTERNAL unavailable']
const WEBHOOK = ['BAD_REQUEST', 'AUTH_FAILED', ...FAILED]

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /backup': {
    operationId: 'storeShare',
    tag: 'webhooks',
    summary: 'Store the custodian share of a backup set',
    description: 'Durable once it responds. The same share again changes nothing.',
    security: ['webhook'],
    request: takes('StoreShareRequest', { ...OF_CLIENT, backupMethod: 'PASSWORD', share: SHARE }),
    response: gives('Empty', 'It is stored.', {}),
    errors: WEBHOOK,
  },
  'POST /backup/fetch': {
    operationId: 'fetchShares',
    tag: 'webhooks',
    summary: 'The custodian shares of a client',
    security: ['webhook'],
    request: takes('FetchSharesRequest', OF_CLIENT),
    response: gives('BackupShares', 'The shares.', { backupShares: [SHARE] }),
    errors: [...WEBHOOK, 'SHARE_PARSING_FAILED'],
  },
  'POST /backup/delete': {
    operationId: 'deleteShares',
    tag: 'webhooks',
    summary: 'Delete the custodian shares of a backup set, and its cipherTexts',
    description: 'Repeating it changes nothing.',
    security: ['webhook'],
    request: takes('DeleteSharesRequest', OF_CLIENT),
    response: gives('Empty', 'They are gone.', {}),
    errors: WEBHOOK,
  },
  'GET /users/{userId}/encrypted-user-backup-shares': {
    operationId: 'getCipherText',
    tag: 'cipherTexts',
    summary: "The user's newest cipherText of a method",
    query: parametersOf(queries.userQuery),
    response: gives('StoredCipherText', 'The cipherText.', { cipherText: '{}' }),
    errors: [...WEBHOOK, 'SHARE_NOT_FOUND'],
  },
  'PUT /users/{userId}/encrypted-user-backup-shares': {
    operationId: 'putCipherText',
    tag: 'cipherTexts',
    summary: 'Store a cipherText',
    description:
      "It never replaces another backup's. With `setId` it is stored once, and repeating it changes nothing; without, it " +
      'becomes the newest again.',
    request: takes('PutCipherTextRequest', { backupMethod: 'PASSWORD', cipherText: '{}', setId: BACKUP_SET_ID }),
    response: { status: 204, description: 'It is stored.' },
    errors: [...WEBHOOK, 'POLICY_DENIED unnamed', 'SHARE_NOT_FOUND stored', 'STORAGE_CONFLICT'],
  },
  'GET /clients/{clientId}/backup': {
    operationId: 'getClientCipherText',
    tag: 'cipherTexts',
    summary: "The client's newest cipherText, whatever its method",
    query: parametersOf(queries.clientQuery),
    response: gives('StoredCipherText', 'The cipherText.', { cipherText: '{}' }),
    errors: [...WEBHOOK, 'SHARE_NOT_FOUND'],
  },
  'GET /v1/backups': {
    operationId: 'listBackups',
    tag: 'cipherTexts',
    summary: "The user's cipherTexts of every method, newest first",
    query: parametersOf(queries.listQuery),
    response: gives('CipherTextPage', 'A page of them; empty if there are no more.', {
      backups: [{ setId: BACKUP_SET_ID, backupMethod: 'PASSWORD', cipherText: '{}' }],
    }),
    errors: WEBHOOK,
  },
  'POST /v1/exports/{exportId}/challenge': {
    operationId: 'beginExport',
    tag: 'exports',
    summary: 'Begin an export from a backup',
    description: 'Asks `authorizeExport`, once. The same request again gets the same challenge.',
    request: takes(
      'ChallengeRequest',
      { setId: BACKUP_SET_ID, curve: 'ed25519', authorization: '492039', receiver: RECEIVER },
      EXPORT_BODY_MAX_BYTES,
    ),
    response: gives('ChallengeResponse', "The challenge for the client's proof.", { challenge: 'c7'.repeat(32) }),
    errors: [...WEBHOOK, 'POLICY_DENIED', 'PROTOCOL_ABORTED', 'RATE_LIMITED'],
  },
  'POST /v1/exports/{exportId}/share': {
    operationId: 'finishExport',
    tag: 'exports',
    summary: "Prove possession of the client's share, and get the custodian's",
    description: 'The first proof, valid or not, uses up the challenge. The same proof again gets the same response.',
    request: takes('ShareRequest', { proof: OPENING_PROOF.slice(2) }, EXPORT_BODY_MAX_BYTES),
    response: gives('ShareResponse', 'The share.', { sealed: '5ea1ed' }),
    errors: [...WEBHOOK, 'PROTOCOL_ABORTED', 'SHARE_PARSING_FAILED'],
  },
}

/** The document of the custodian. @param version of the package */
export function custodianDocument(version: string): Json {
  const errors = createErrors(CUSTODIAN_ERRORS, NO_STORE)
  const paths = pathItems(OPERATIONS, (operation) => operationObject(operation, errors), {
    userId: { ...pathParameter('userId', ref('AppId')), description: 'The `userId` of `authenticateUser`.' },
    clientId: { ...pathParameter('clientId', ref('AppId')), description: 'The `clientId` of `authenticateUser`.' },
    exportId: pathParameter('exportId', ref('ExportId')),
  })
  return {
    openapi: '3.1.0',
    info: {
      title: 'Custodian of reshare',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        "The endpoints of the app's backend that `createCustodian` handles. `docs/reference/custodian.md` says what each " +
        'request does. A path or method that does not exist is 404 `BAD_REQUEST`.',
    },
    servers: [{ url: 'https://app.example', description: 'Where your backend mounts the custodian.' }],
    security: [{ user: [] }],
    tags: [
      { name: 'webhooks', description: 'For the signing server.' },
      { name: 'cipherTexts', description: "For the app's users." },
      { name: 'exports', description: "For the app's users." },
    ],
    paths,
    components: {
      securitySchemes: {
        webhook: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Webhook-Secret',
          description: '`webhookSecret`: 16 or more printable ASCII characters.',
        },
        user: {
          type: 'http',
          scheme: 'bearer',
          description: 'The credentials that `authenticateUser` reads. It may read any header, such as a cookie.',
        },
      },
      headers: HEADERS,
      responses: errors.components(),
      schemas: schemas.components,
    },
  }
}
