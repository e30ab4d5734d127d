import * as v from 'valibot'
import { BadRequest, fieldName, readJson } from '../../service/http.ts'
import { authorization, backupMethod, curve, hex, receiver, setId, text } from '../../service/schemas.ts'
import { fromBase64, wipe } from '../../util/bytes.ts'
import { AUTHORIZATION, CIPHER_TEXT, ID } from '../../util/text.ts'

export const BODY_MAX_BYTES = 256 * 1024
/** The longest authorization with every character escaped, and room for the rest. */
export const EXPORT_BODY_MAX_BYTES = 6 * AUTHORIZATION.most + 1024

/** The app's id of a client or user. */
export const appId = v.pipe(
  text(ID),
  v.description(
    "The app's id of a client or user. Lengths count UTF-16 code units. One line in normal form C, without control or " +
      'invisible characters; not `.` or `..`.',
  ),
)
export const share = v.pipe(
  v.string(),
  v.minLength(4),
  v.maxLength(64 * 1024),
  v.check(isBase64),
  v.metadata({
    description: 'Base64 with padding, of `encodeWalletShares`.',
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  }),
)
export const cipherText = v.pipe(
  text(CIPHER_TEXT),
  v.description('A sealed backup. Lengths count UTF-16 code units. No control characters but tabs and line breaks.'),
)

const backupBody = v.strictObject({ clientId: appId, backupMethod, share, setId })
const fetchBody = v.strictObject({ clientId: appId, setId: v.optional(setId) })
const deleteBody = v.strictObject({ clientId: appId, setId })
const cipherTextBody = v.strictObject({ backupMethod, cipherText, setId: v.optional(setId) })

const skip = v.pipe(
  v.optional(v.string(), '0'),
  v.regex(/^(?:0|[1-9][0-9]{0,5})$/),
  // What the text stands for.
  v.metadata({
    ...{ description: 'How many of the newest to skip.', pattern: undefined },
    ...{ type: 'integer', minimum: 0, maximum: 999_999, default: 0 },
  }),
  v.transform(Number),
)
const ofSet = v.optional(v.pipe(setId, v.description('Only that of this backup set.')))
const userQuery = v.object({ backupMethod, setId: ofSet, skip })
const clientQuery = v.object({ setId: ofSet, skip })
const listQuery = v.object({ skip })

const challengeBody = v.strictObject({ setId, curve, authorization, receiver })
const shareBody = v.strictObject({
  proof: v.pipe(
    v.string(),
    v.regex(/^[0-9a-f]{128}(?:[0-9a-f]{2})?$/),
    v.description('A point and a scalar: 64 bytes on ed25519, 65 on secp256k1.'),
  ),
})
const exportId = v.pipe(
  hex(16),
  v.description('Random bytes of the client: they name the export, however often it is sent.'),
)

/**
 * The schemas of all requests.
 *
 * @internal for the OpenAPI document
 */
export const CUSTODIAN_SCHEMAS = {
  backupBody,
  fetchBody,
  deleteBody,
  cipherTextBody,
  challengeBody,
  shareBody,
  userQuery,
  clientQuery,
  listQuery,
  exportId,
}

/** `POST /backup`; `share` is canonical base64 */
export type BackupBody = v.InferOutput<typeof backupBody>
export type FetchBody = v.InferOutput<typeof fetchBody>
export type DeleteBody = v.InferOutput<typeof deleteBody>
export type CipherTextBody = v.InferOutput<typeof cipherTextBody>
/** Selects a user's cipherText: of one method or any, of one set or any, and how many newer ones to skip. */
export type CipherTextQuery = v.InferOutput<typeof clientQuery> & Partial<v.InferOutput<typeof userQuery>>
export type ChallengeBody = v.InferOutput<typeof challengeBody>
export type ShareBody = v.InferOutput<typeof shareBody>

/** @throws {BadRequest} unless the body is that of `POST /backup` */
export async function parseBackup(request: Request): Promise<BackupBody> {
  return parse(backupBody, await readJson(request, BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless the body is that of `POST /backup/fetch` */
export async function parseFetch(request: Request): Promise<FetchBody> {
  return parse(fetchBody, await readJson(request, BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless the body is that of `POST /backup/delete` */
export async function parseDelete(request: Request): Promise<DeleteBody> {
  return parse(deleteBody, await readJson(request, BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless the body is that of `PUT …/encrypted-user-backup-shares` */
export async function parseCipherText(request: Request): Promise<CipherTextBody> {
  return parse(cipherTextBody, await readJson(request, BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless the body is that of `POST /v1/exports/:exportId/challenge` */
export async function parseChallenge(request: Request): Promise<ChallengeBody> {
  return parse(challengeBody, await readJson(request, EXPORT_BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless the body is that of `POST /v1/exports/:exportId/share` */
export async function parseShare(request: Request): Promise<ShareBody> {
  return parse(shareBody, await readJson(request, EXPORT_BODY_MAX_BYTES))
}

/** @throws {BadRequest} unless it is 16 bytes in lower-case hex */
export function parseExportId(value: string): string {
  return parse(exportId, value)
}

/** @throws {BadRequest} unless the query is that of `GET …/encrypted-user-backup-shares` */
export function parseUserQuery(query: Record<string, string>): CipherTextQuery {
  return parse(userQuery, query)
}

/** @throws {BadRequest} unless the query is that of `GET /clients/:clientId/backup` */
export function parseClientQuery(query: Record<string, string>): CipherTextQuery {
  return parse(clientQuery, query)
}

/**
 * The query of `GET /v1/backups`.
 *
 * @returns how many of the newest to leave out
 * @throws {BadRequest} for anything else
 */
export function parseListQuery(query: Record<string, string>): number {
  return parse(listQuery, query).skip
}

/** The error message names the field, and never contains its value, which may be a share. */
function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new BadRequest(`${fieldName(v.getDotPath(issue), 'the request')} is not valid`)
}

function isBase64(text: string): boolean {
  try {
    wipe(fromBase64(text))
    return true
  } catch {
    return false
  }
}
