import { concatBytes, toHex, utf8, wipe } from '../../util/bytes.ts'
import { platformRandom } from '../../util/platform-random.ts'
import { field, parseJson, unavailable } from './failures.ts'
import { send, type DriveConnection } from './requests.ts'

/** A file of the app's folder, as a listing shows it. */
export interface DriveFile {
  readonly id: string
  /** RFC 3339, in UTC with milliseconds: ordered as text. */
  readonly createdTime: string
  /** In bytes. */
  readonly size: number
}

type Signal = AbortSignal | undefined

/** An age identity has at most 2 KB. */
const MAX_CONTENT_BYTES = 16 * 1024
const MAX_JSON_BYTES = 64 * 1024
/** A thousand files, with names that other code of the app may have made long. */
const MAX_LIST_BYTES = 4 * 2 ** 20
const MAX_PAGES = 100
const FOLDER = 'appDataFolder'
const NOTHING = new Uint8Array(0)
/** All files, whose names are compared here: a query by name finds new files later than a listing of the folder. */
const LIST =
  `/drive/v3/files?spaces=${FOLDER}&q=%27${FOLDER}%27%20in%20parents&pageSize=1000` +
  '&fields=nextPageToken,incompleteSearch,files(id,name,createdTime,size)'

/** The files of this name, in the order of the listing, each once: a file may be on two pages. */
export async function listFiles(connection: DriveConnection, name: string, signal: Signal): Promise<DriveFile[]> {
  const found = new Map<string, DriveFile>()
  let pageToken = ''
  for (let page = 0; page < MAX_PAGES; page++) {
    const path = pageToken === '' ? LIST : `${LIST}&pageToken=${encodeURIComponent(pageToken)}`
    const parse = (body: Uint8Array) => parsePage(body, name)
    const part = await send(connection, { method: 'GET', path, maxResponseBytes: MAX_LIST_BYTES, parse }, signal)
    for (const file of part.files) found.set(file.id, file)
    if (part.nextPageToken === '') return [...found.values()]
    pageToken = part.nextPageToken
  }
  throw unavailable('its folder has too many files', { retryable: false })
}

function parsePage(body: Uint8Array, name: string): { files: DriveFile[]; nextPageToken: string } | undefined {
  const json = parseJson(body)
  const files = field(json, 'files')
  const nextPageToken = field(json, 'nextPageToken') ?? ''
  if (!Array.isArray(files) || typeof nextPageToken !== 'string' || nextPageToken.length > 8192) return undefined
  if (field(json, 'incompleteSearch') === true) return undefined
  const own = files.filter((file) => field(file, 'name') === name).map(parseFile)
  return own.every((file) => file !== undefined) ? { files: own, nextPageToken } : undefined
}

function parseFile(value: unknown): DriveFile | undefined {
  const [id, createdTime, size] = ['id', 'createdTime', 'size'].map((name) => field(value, name))
  // int64 is text in JSON.
  return isFileId(id) && isTime(createdTime) && typeof size === 'string' && /^\d{1,12}$/.test(size)
    ? { id, createdTime, size: Number(size) }
    : undefined
}

function isFileId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{1,256}$/.test(value)
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)
}

/** An id for one new file, from Drive: the same create sent again then makes no second file. */
export function generateFileId(connection: DriveConnection, signal: Signal): Promise<string> {
  const path = `/drive/v3/files/generateIds?count=1&space=${FOLDER}`
  const parse = (body: Uint8Array) => {
    const ids = field(parseJson(body), 'ids')
    return Array.isArray(ids) && ids.length === 1 && isFileId(ids[0]) ? ids[0] : undefined
  }
  return send(connection, { method: 'GET', path, maxResponseBytes: MAX_JSON_BYTES, parse }, signal)
}

/** Creates a file, unless there is one with this id already or there was. */
export function createFile(
  connection: DriveConnection,
  file: { readonly id: string; readonly name: string },
  content: Uint8Array,
  signal: Signal,
): Promise<'created' | 'exists'> {
  return send<'created' | 'exists'>(
    connection,
    {
      method: 'POST',
      path: '/upload/drive/v3/files?uploadType=multipart&fields=id',
      body: () => multipart({ ...file, mimeType: 'application/octet-stream', parents: [FOLDER] }, content),
      maxResponseBytes: MAX_JSON_BYTES,
      parse: (body) => (field(parseJson(body), 'id') === file.id ? 'created' : undefined),
      also: new Map([[409, 'exists']]),
    },
    signal,
  )
}

/** RFC 2387: JSON, and then the bytes. */
function multipart(metadata: object, content: Uint8Array) {
  const boundary = toHex(platformRandom(16))
  const head = `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n`
  const middle = `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`
  const bytes = concatBytes(utf8(head + middle), content, utf8(`\r\n--${boundary}--\r\n`))
  return { type: `multipart/related; boundary=${boundary}`, bytes: new Uint8Array(bytes.buffer as ArrayBuffer) }
}

/**
 * The content of a file; `gone` if there is no file with this id.
 *
 * @param size in bytes. Another length is an error: the response has broken off, or a proxy has put its own in its place.
 */
export function readFile(
  connection: DriveConnection,
  { id, size }: { readonly id: string; readonly size: number },
  signal: Signal,
): Promise<Uint8Array | 'gone'> {
  if (size > MAX_CONTENT_BYTES) throw unavailable('the file of this key is too long to be one', { retryable: false })
  return send<Uint8Array | 'gone'>(
    connection,
    {
      method: 'GET',
      path: `/drive/v3/files/${id}?alt=media`,
      maxResponseBytes: MAX_CONTENT_BYTES,
      parse(body) {
        if (body.length === size) return body
        wipe(body)
        return undefined
      },
      also: new Map([[404, 'gone']]),
    },
    signal,
  )
}

/** Deletes a file for good; one that is not there is fine. */
export async function deleteFile(connection: DriveConnection, id: string, signal: Signal): Promise<void> {
  const path = `/drive/v3/files/${id}`
  const also = new Map([[404, NOTHING]])
  // Drive's status is 204. Any other may come from a proxy, or from a Wi-Fi that wants a sign-in, and is no success.
  const parse = (_: Uint8Array, status: number) => (status === 204 ? NOTHING : undefined)
  await send(connection, { method: 'DELETE', path, maxResponseBytes: MAX_JSON_BYTES, parse, also }, signal)
}
