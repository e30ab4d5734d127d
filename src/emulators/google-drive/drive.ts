import { systemClock, type ServiceClock } from '../clock.ts'
import type { ServiceRequest } from '../faults.ts'
import { emulateService, type EmulatedService } from '../service.ts'
import { textSource } from '../text-source.ts'
import { DriveFolder, type DriveAccount, type DriveFile } from './account.ts'
import { DriveError, errorResponse } from './errors.ts'
import { parseUpload } from './multipart.ts'
import { parseFileQuery, readInteger, readQuery, selectFields } from './query.ts'
import { AccessTokens, type DriveTokenOptions } from './tokens.ts'
import { assertObject } from '../../util/arguments.ts'

/** Options of {@link driveEmulator}. */
export interface DriveEmulatorOptions {
  /** Default: the clock of the system. */
  readonly clock?: ServiceClock
  /** Another one gives other ids and tokens. Default: 1. */
  readonly seed?: number
}

/** Google Drive in this process. */
export interface DriveEmulator extends EmulatedService {
  /** The application data folder of this account, made when it is first asked for. */
  account(name: string): DriveAccount
  /** Signs the account in: an access token. */
  token(account: string, options?: DriveTokenOptions): string
  /** Revokes all access tokens of the account. */
  revoke(account: string): void
}

/**
 * The part of the Drive API v3 that deals with application data folders, stricter than Drive itself: it refuses
 * parameters that it does not know, metadata that it does not keep, and ids that it has not generated for the account.
 * Listings may be behind, names be there several times.
 *
 * Of the API it has `files.list`, `files.get` (`alt=json` and `alt=media`), `files.create` (`uploadType=multipart`),
 * `files.delete` and `files.generateIds`, below any host and any prefix of the path.
 *
 * @example
 * const drive = driveEmulator()
 * const storage = googleDrive({ getToken: () => drive.token('alice'), fetch: drive.fetch })
 */
export function driveEmulator(options: DriveEmulatorOptions = {}): DriveEmulator {
  const { clock = systemClock(), seed = 1 } = assertObject(options, 'driveEmulator')
  const text = textSource(seed)
  const tokens = new AccessTokens(clock, () => text(60))
  const accounts = new Map<string, DriveFolder>()

  function account(name: string): DriveFolder {
    const known = accounts.get(name) ?? new DriveFolder(clock, () => `1${text(43)}`)
    accounts.set(name, known)
    return known
  }

  function handle(request: ServiceRequest): Response {
    try {
      return route(request, account(tokens.accountOf(request.headers)))
    } catch (error) {
      if (error !== null && typeof error === 'object' && 'reason' in error) {
        const { reason, message } = error as DriveError
        return errorResponse(reason, message)
      }
      throw error
    }
  }

  return {
    ...emulateService({ clock, handle }),
    account,
    token: (name, tokenOptions = {}) => tokens.issue(name, tokenOptions),
    revoke: (name) => tokens.revokeAll(name),
  }
}

function route(request: ServiceRequest, folder: DriveFolder): Response {
  const { method, url, body } = request
  const [, upload, path = ''] = /(\/upload)?\/drive\/v3\/(.*)$/.exec(url.pathname) ?? []
  if (upload !== undefined) {
    if (method === 'POST' && path === 'files') return create(request, folder)
    throw new DriveError('notFound', 'Not Found')
  }
  if (body.length > 0) throw new DriveError('badRequest', 'The request has a body.')
  if (method === 'GET' && path === 'files') return list(url, folder)
  if (method === 'GET' && path === 'files/generateIds') return generateIds(url, folder)
  const [, id] = /^files\/([\w-]+)$/.exec(path) ?? []
  if (id !== undefined && method === 'GET') return get(url, folder.find(id))
  if (id !== undefined && method === 'DELETE') {
    readQuery(url, [])
    folder.delete(id)
    return new Response(null, { status: 204 })
  }
  throw new DriveError('notFound', 'Not Found')
}

function list(url: URL, folder: DriveFolder): Response {
  const query = readQuery(url, ['spaces', 'q', 'pageSize', 'pageToken', 'fields', 'corpora'])
  if (query.corpora !== undefined && query.corpora !== 'user') throw new DriveError('invalid')
  // The default is the space `drive`, to which this scope gives no access.
  if (query.spaces !== 'appDataFolder') throw new DriveError('insufficientScopes')
  const size = readInteger(query.pageSize, 100, [1, 1000])
  const from = query.pageToken === undefined ? 0 : readPageToken(query.pageToken)
  const found = folder.list(parseFileQuery(query.q))
  const nextPageToken = found.length > from + size ? `~!!~${from + size}` : undefined
  const files = found.slice(from, from + size).map(resourceOf)
  const select = (shown: readonly object[]) => {
    const resource = { kind: 'drive#fileList', incompleteSearch: false, nextPageToken, files: shown }
    return selectFields(resource, query.fields, 'kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)')
  }
  // A field that is not known is an error without any file too.
  select([resourceOf(NO_FILE)])
  return json(select(files))
}

const NO_FILE = { id: '', name: '', mimeType: '', createdTime: '', content: new Uint8Array(0) }

function readPageToken(token: string): number {
  const [, from] = /^~!!~(\d{1,9})$/.exec(token) ?? []
  if (from === undefined) throw new DriveError('invalid')
  return Number(from)
}

function generateIds(url: URL, folder: DriveFolder): Response {
  const { count, space, type, fields } = readQuery(url, ['count', 'space', 'type', 'fields'])
  if (space !== 'appDataFolder') throw new DriveError('insufficientScopes')
  if (type !== undefined && type !== 'files') throw new DriveError('invalid')
  const ids = folder.generateIds(readInteger(count, 10, [1, 1000]))
  return json(selectFields({ kind: 'drive#generatedIds', space, ids }, fields, '*'))
}

function get(url: URL, file: DriveFile): Response {
  const { alt = 'json', fields } = readQuery(url, ['alt', 'fields'])
  if (alt === 'json') return json(selectFields(resourceOf(file), fields, 'kind,id,name,mimeType'))
  if (alt !== 'media') throw new DriveError('invalid')
  return new Response(file.content.slice(), { headers: { 'content-type': file.mimeType } })
}

function create({ url, headers, body }: ServiceRequest, folder: DriveFolder): Response {
  const { uploadType, fields } = readQuery(url, ['uploadType', 'fields'])
  if (uploadType !== 'multipart') throw new DriveError('badRequest', 'The upload type is not multipart.')
  const { metadata, type, content } = parseUpload(headers.get('content-type') ?? '', body)
  const { name, parents, id = folder.generateIds(1)[0], mimeType = type, ...more } = metadata
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) throw new DriveError('badRequest', `Unknown name "${unknown}"`)
  if (typeof name !== 'string' || name === '') throw new DriveError('invalid')
  if (typeof id !== 'string' || typeof mimeType !== 'string' || mimeType !== type) throw new DriveError('invalid')
  if (!Array.isArray(parents) || parents.length !== 1) throw new DriveError('insufficientParentPermissions')
  if (parents[0] !== 'appDataFolder') throw new DriveError('notFound', 'File not found: parent.')
  const file = folder.create({ id, name, mimeType, content })
  return json(selectFields(resourceOf(file), fields, 'kind,id,name,mimeType'))
}

function resourceOf({ id, name, mimeType, createdTime, content }: DriveFile) {
  return {
    kind: 'drive#file',
    id,
    name,
    mimeType,
    createdTime,
    size: String(content.length),
    parents: ['appDataFolder'],
    spaces: ['appDataFolder'],
    trashed: false,
  }
}

function json(resource: object): Response {
  return Response.json(resource, { headers: { 'cache-control': 'no-cache, no-store, max-age=0, must-revalidate' } })
}
