import * as v from 'valibot'
import { isUsableReceiver } from '../../wire/export.ts'
import { isOperationId, isSetId } from '../../wire/ids.ts'
import { BadRequest, fieldName, readJson } from '../../service/http.ts'
import { BACKUP_METHODS, CURVES } from '../../types.ts'
import { fromBase64, isHex, wipe } from '../../util/bytes.ts'
import { AUTHORIZATION, CIPHER_TEXT, ID, isText, type TextRule } from '../../util/text.ts'

const BODY_MAX_BYTES = 256 * 1024
/** The longest authorization with every character escaped, and room for the rest. */
const EXPORT_BODY_MAX_BYTES = 6 * AUTHORIZATION.most + 1024

const backupMethod = v.picklist(BACKUP_METHODS)
const text = (rule: TextRule) =>
  v.pipe(
    v.string(),
    v.check((value) => isText(value, rule)),
  )
const clientId = text(ID)
const share = v.pipe(v.string(), v.minLength(4), v.maxLength(64 * 1024), v.check(isBase64))
const cipherText = text(CIPHER_TEXT)

const setId = v.custom<string>(isSetId)

const backupBody = v.strictObject({ clientId, backupMethod, share, setId })
const fetchBody = v.strictObject({ clientId, setId: v.optional(setId) })
const deleteBody = v.strictObject({ clientId, setId })
const cipherTextBody = v.strictObject({ backupMethod, cipherText, setId: v.optional(setId) })

const skip = v.pipe(v.optional(v.string(), '0'), v.regex(/^(?:0|[1-9][0-9]{0,5})$/), v.transform(Number))
const userQuery = v.object({ backupMethod, setId: v.optional(setId), skip })
const clientQuery = v.object({ setId: v.optional(setId), skip })
const listQuery = v.object({ skip })

const challengeBody = v.strictObject({
  setId,
  curve: v.picklist(CURVES),
  authorization: text(AUTHORIZATION),
  receiver: v.pipe(
    v.custom<string>((value) => isHex(value, 32)),
    v.check(isUsableReceiver),
  ),
})
/** A point of 32 or 33 bytes and a scalar. */
const shareBody = v.strictObject({ proof: v.custom<string>((value) => isHex(value, 64) || isHex(value, 65)) })
const exportId = v.custom<string>(isOperationId)

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
