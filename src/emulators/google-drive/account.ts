import type { ServiceClock } from '../clock.ts'
import { DriveError } from './errors.ts'
import type { FileQuery } from './query.ts'

/** A file in the application data folder of an account. */
export interface DriveFile {
  /** Given by Drive, once. */
  readonly id: string
  /** Of any text; several files may have the same. */
  readonly name: string
  /** Of its content. */
  readonly mimeType: string
  /** RFC 3339, in UTC with milliseconds. */
  readonly createdTime: string
  /** Its bytes. */
  readonly content: Uint8Array<ArrayBuffer>
}

/** How far listings are behind. A file counts as new, or as just deleted, until both limits have passed. */
export interface ListingLag {
  /** How many listings do not know of it yet. Default: 0. */
  readonly listings?: number
  /** Milliseconds by the clock of the service. Default: 0. */
  readonly ms?: number
}

/** How far the listings of an account are behind. */
export interface DriveLag {
  /** Of queries for all files of the folder. Default: not at all. */
  readonly byFolder?: ListingLag
  /** Of queries with a name. Default: three listings more than those of the folder. */
  readonly byName?: ListingLag
}

interface Entry {
  readonly file: DriveFile
  /** When the file came or went, in time and in listings of each kind. */
  changedAt: number
  seen: { byFolder: number; byName: number }
  deleted: boolean
}

const BYTES_OF_A_FILE = 5 * 2 ** 20

/** One user's application data folder, as a test sees and changes it. */
export interface DriveAccount {
  /** How much content it holds before it is full, in bytes. At first 15 GB. */
  quotaBytes: number
  /** How far its listings are behind. At first not at all. */
  lag: DriveLag
  /** The files that there are, whatever listings show, in the order of their creation. */
  readonly files: readonly DriveFile[]
  /** Puts a file there, as another device does. Default of `createdTime`: now. */
  addFile(name: string, content: Uint8Array, createdTime?: number): DriveFile
  /** Deletes a file, as another device does; one that is not there is an error. */
  delete(id: string): void
  /** What disconnecting the app in Drive's settings does: the folder and all files in it are gone at once. */
  deleteFolder(): void
  /** Ids for files to come, as `files.generateIds` gives them. */
  generateIds(count: number): string[]
}

/** The folder, and what requests do to it. */
export class DriveFolder implements DriveAccount {
  quotaBytes = 15e9
  lag: DriveLag = {}
  readonly #clock: ServiceClock
  readonly #newId: () => string
  readonly #entries = new Map<string, Entry>()
  readonly #generated = new Set<string>()

  constructor(clock: ServiceClock, newId: () => string) {
    this.#clock = clock
    this.#newId = newId
  }

  get files(): readonly DriveFile[] {
    return [...this.#entries.values()].filter(({ deleted }) => !deleted).map(({ file }) => file)
  }

  addFile(name: string, content: Uint8Array, createdTime: number = this.#clock.now()): DriveFile {
    const [id = ''] = this.generateIds(1)
    return this.create(
      { id, name, mimeType: 'application/octet-stream', content: new Uint8Array(content) },
      createdTime,
    )
  }

  deleteFolder(): void {
    this.#entries.clear()
  }

  generateIds(count: number): string[] {
    return Array.from({ length: count }, () => {
      const id = this.#newId()
      this.#generated.add(id)
      return id
    })
  }

  /** @throws {DriveError} if the id is in use or was none of these, or there is no room */
  create(file: Omit<DriveFile, 'createdTime'>, createdTime: number = this.#clock.now()): DriveFile {
    if (this.#entries.has(file.id)) throw new DriveError('fileIdInUse')
    if (!this.#generated.has(file.id)) throw new DriveError('invalid', 'The provided file ID is not usable.')
    if (file.content.length > BYTES_OF_A_FILE) throw new DriveError('uploadTooLarge')
    const used = this.files.reduce((sum, { content }) => sum + content.length, 0)
    if (used + file.content.length > this.quotaBytes) throw new DriveError('storageQuotaExceeded')
    const created = { ...file, createdTime: new Date(createdTime).toISOString() }
    this.#entries.set(file.id, { file: created, ...this.#change(), deleted: false })
    return created
  }

  /** @throws {DriveError} if there is none */
  find(id: string): DriveFile {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.deleted) throw new DriveError('notFound', `File not found: ${id}.`)
    return entry.file
  }

  /** @throws {DriveError} if there is none */
  delete(id: string): void {
    this.find(id)
    Object.assign(this.#entries.get(id) as Entry, this.#change(), { deleted: true })
  }

  /** What a listing shows: newest first, as Drive's. */
  list({ name, trashed }: FileQuery): DriveFile[] {
    const kind = name === undefined ? 'byFolder' : 'byName'
    const shown = [...this.#entries.values()].filter((entry) => this.#isBehind(entry, kind) === entry.deleted)
    for (const { seen } of this.#entries.values()) seen[kind]++
    const files = shown.map(({ file }) => file).filter((file) => name === undefined || file.name === name)
    return trashed ? [] : files.reverse()
  }

  #change() {
    return { changedAt: this.#clock.now(), seen: { byFolder: 0, byName: 0 } }
  }

  #isBehind({ changedAt, seen }: Entry, kind: keyof DriveLag): boolean {
    const { listings = 0, ms = 0 } = this.#lagOf(kind)
    return seen[kind] < listings || this.#clock.now() - changedAt < ms
  }

  #lagOf(kind: keyof DriveLag): ListingLag {
    const { byFolder = {}, byName } = this.lag
    if (kind === 'byFolder') return byFolder
    return byName ?? { ...byFolder, listings: (byFolder.listings ?? 0) + 3 }
  }
}
