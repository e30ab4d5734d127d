import { MpcError } from '../../errors.ts'
import { assertObject } from '../../util/arguments.ts'
import { checkBaseUrl } from '../../util/base-url.ts'
import { abytes, equalBytes, isHex, toHex, wipe } from '../../util/bytes.ts'
import { untilAborted } from '../../util/exchange.ts'
import { platformRandom } from '../../util/platform-random.ts'
import { cleanUp } from '../failures.ts'
import type { CloudKeyStorage } from '../methods/cloud-storage.ts'
import { unavailable } from './failures.ts'
import { createFile, deleteFile, generateFileId, listFiles, readFile, type DriveFile } from './files.ts'
import type { DriveConnection, GetToken } from './requests.ts'

/** Options of {@link googleDrive}. */
export interface GoogleDriveOptions {
  /** Gives an access token of the user. In a page: {@link googleIdentityToken}. */
  readonly getToken: GetToken
  /** Default: `globalThis.fetch`. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Where the Drive API is, https or on a loopback host. Default: `https://www.googleapis.com`. */
  readonly endpoint?: string
  /** Time limit of one request in milliseconds, until the last byte of the response. Default: 30,000. */
  readonly timeoutMs?: number
}

/** Before each look at a listing that may lag behind, in milliseconds: 8 seconds in all. */
const PAUSES = [0, 500, 1000, 1500, 2000, 3000]

/**
 * Keys in the app's own hidden folder of the user's Google Drive, by the Drive API v3 with the scope `drive.appdata`.
 *
 * A request that fails is repeated for some seconds. A key that a listing does not show is looked for again for 8 seconds
 * before it is not there, also to delete it.
 *
 * One account for one object: make another one when the user signs in with another account.
 *
 * @throws {TypeError} if an option is wrong
 * @throws {RangeError} if `timeoutMs` is out of range
 *
 * @example
 * const method = cloudKey({ provider: 'GDRIVE', storage: googleDrive({ getToken: googleIdentityToken({ clientId }) }) })
 */
export function googleDrive(options: GoogleDriveOptions): CloudKeyStorage {
  const { getToken, fetch = globalFetch, endpoint, timeoutMs = 30_000 } = assertObject(options, 'googleDrive')
  if (typeof getToken !== 'function') throw new TypeError('getToken must be a function')
  if (typeof fetch !== 'function') throw new TypeError('fetch must be a function')
  if (!(timeoutMs >= 1 && Number.isFinite(timeoutMs))) throw new RangeError('timeoutMs must be at least 1')
  const base = checkBaseUrl(endpoint ?? 'https://www.googleapis.com', 'endpoint')
  return driveStorage({ getToken, fetch, endpoint: base, timeoutMs, sleep })
}

/** Looked up at each request, so that tests can replace `globalThis.fetch`. */
function globalFetch(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init)
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    await untilAborted(signal, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))
  } finally {
    clearTimeout(timer)
  }
}

/** {@link googleDrive}, with checked options. */
export function driveStorage(connection: DriveConnection): CloudKeyStorage {
  /** What this handle has written: found without a listing. */
  const written = new Map<string, { readonly id: string; readonly size: number }>()
  /** The file ids of writes that failed: the file may be there, and the same write again goes on with it. */
  const unfinished = new Map<string, string>()
  const writing = new Set<string>()

  async function write(id: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const name = nameOf(id)
    let fileId = unfinished.get(id)
    if (fileId === undefined) {
      if ((await listFiles(connection, name, signal)).length > 0) throw conflict()
      fileId = await generateFileId(connection, signal)
      unfinished.set(id, fileId)
    }
    const size = bytes.length
    const created = await createFile(connection, { id: fileId, name }, bytes, signal)
    const stored = await readBack({ id: fileId, size }, signal)
    if (stored === 'gone') {
      // An earlier try has created it, and something has deleted it since.
      if (created === 'exists') unfinished.delete(id)
      throw unavailable('a file that was created is not there')
    }
    const same = equalBytes(stored, bytes)
    wipe(stored)
    if (!same) throw created === 'exists' ? conflict() : unavailable('it did not give back what was written')
    if (!(await becomesOnly(name, fileId, signal))) {
      await deleteFile(connection, fileId, signal)
      unfinished.delete(id)
      throw conflict()
    }
    unfinished.delete(id)
    written.set(id, { id: fileId, size })
  }

  async function readBack(file: { id: string; size: number }, signal: AbortSignal | undefined) {
    for (const pauseMs of PAUSES) {
      if (pauseMs > 0) await connection.sleep(pauseMs, signal)
      const content = await readFile(connection, file, signal)
      if (content !== 'gone') return content
    }
    return 'gone'
  }

  /**
   * Whether the listing comes to show this file and no other of its name. While it shows others, the first one by
   * `createdTime` and id waits for the others to be deleted, and these do not. Nobody who sees another wins, so that, if
   * listings show what was created before, two writers never win, whatever the clocks of Drive say.
   *
   * @throws {STORAGE_UNAVAILABLE} if the listing does not come to show it, so that other devices would not find it
   */
  async function becomesOnly(name: string, fileId: string, signal: AbortSignal | undefined): Promise<boolean> {
    let listed = false
    for (const pauseMs of PAUSES) {
      if (pauseMs > 0) await connection.sleep(pauseMs, signal)
      const files = await listFiles(connection, name, signal)
      const own = files.find(({ id }) => id === fileId)
      if (own === undefined) continue
      if (files.length === 1) return true
      listed = true
      if (files.some((file) => orderOf(file) < orderOf(own))) return false
    }
    if (listed) return false
    throw unavailable('a file that was created is not listed')
  }

  async function read(id: string, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const name = nameOf(id)
    const known = written.get(id)
    const content = known === undefined ? 'gone' : await readFile(connection, known, signal)
    if (content !== 'gone') return content
    for (const pauseMs of PAUSES) {
      if (pauseMs > 0) await connection.sleep(pauseMs, signal)
      const found = await readAll(connection, await listFiles(connection, name, signal), signal)
      if (found !== undefined) return found
    }
    return undefined
  }

  async function remove(id: string, signal: AbortSignal | undefined): Promise<void> {
    const name = nameOf(id)
    const known = [written.get(id)?.id, unfinished.get(id)].filter((fileId) => fileId !== undefined)
    for (const pauseMs of PAUSES) {
      if (pauseMs > 0) await connection.sleep(pauseMs, signal)
      const listed = await listFiles(connection, name, signal)
      const fileIds = new Set([...listed.map((file) => file.id), ...known])
      for (const fileId of fileIds) await deleteFile(connection, fileId, signal)
      if (fileIds.size > 0) break
    }
    written.delete(id)
    unfinished.delete(id)
  }

  const storage: CloudKeyStorage = {
    async probe(options) {
      const id = toHex(platformRandom(16))
      const bytes = platformRandom(32)
      let stored: Uint8Array | undefined
      try {
        await storage.write(id, bytes, options)
        stored = await storage.read(id, options)
        await storage.delete(id, options)
      } catch (error) {
        const left = written.has(id) || unfinished.has(id)
        if (left) await cleanUp(options?.signal, (signal) => remove(id, signal))
        throw error
      }
      if (stored === undefined || !equalBytes(stored, bytes)) throw unavailable('it did not give back what was written')
    },

    read: async (id, options) => read(id, options?.signal),

    async write(id, bytes, options) {
      const own = new Uint8Array(abytes(bytes, undefined, 'bytes'))
      if (writing.has(id)) throw conflict()
      writing.add(id)
      try {
        await write(id, own, options?.signal)
      } finally {
        writing.delete(id)
        wipe(own)
      }
    },

    delete: async (id, options) => remove(id, options?.signal),
  }
  return storage
}

/** The key that these files hold, of which all are copies; undefined if there is none any more. */
async function readAll(connection: DriveConnection, files: readonly DriveFile[], signal: AbortSignal | undefined) {
  let key: Uint8Array | undefined
  for (const file of files) {
    const content = await readFile(connection, file, signal)
    if (content === 'gone') continue
    if (key === undefined) {
      key = content
      continue
    }
    const same = equalBytes(content, key)
    wipe(content)
    if (same) continue
    wipe(key)
    throw new MpcError('STORAGE_CONFLICT', 'Google Drive has two files with the name of this key, and they differ')
  }
  return key
}

function nameOf(id: string): string {
  if (!isHex(id, 16)) throw new TypeError('a key id is 32 hexadecimal digits')
  return `reshare-${id}.key`
}

function orderOf({ createdTime, id }: DriveFile): string {
  return `${createdTime} ${id}`
}

function conflict(): MpcError {
  return new MpcError('STORAGE_CONFLICT', 'Google Drive has a key with this id')
}
