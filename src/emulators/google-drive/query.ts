import { DriveError } from './errors.ts'

/**
 * The query of a request, of which every parameter is known and there at most once.
 *
 * @throws {DriveError} otherwise
 */
export function readQuery<const Name extends string>(url: URL, names: readonly Name[]): Partial<Record<Name, string>> {
  const query: Partial<Record<string, string>> = {}
  for (const [name, value] of url.searchParams) {
    if (!names.some((known) => known === name)) throw new DriveError('badRequest', `Unknown name "${name}"`)
    if (query[name] !== undefined) throw new DriveError('badRequest', `The parameter "${name}" is there twice.`)
    query[name] = value
  }
  return query
}

/** A parameter that is a whole number between two others. */
export function readInteger(value: string | undefined, standard: number, [minimum, maximum]: [number, number]): number {
  const number = value === undefined ? standard : /^\d{1,9}$/.test(value) ? Number(value) : NaN
  if (number >= minimum && number <= maximum) return number
  throw new DriveError('invalid', `Values must be within the range: [${minimum}, ${maximum}]`)
}

/** What a query `q` asks for. */
export interface FileQuery {
  readonly inFolder: boolean
  readonly name: string | undefined
  readonly trashed: boolean
}

/**
 * Reads a query of these terms, joined by `and`: `'appDataFolder' in parents`, `name = '…'`, `trashed = false`.
 *
 * @throws {DriveError} for any other
 */
export function parseFileQuery(q: string | undefined): FileQuery {
  const query = { inFolder: false, name: undefined as string | undefined, trashed: false }
  for (const term of q === undefined ? [] : q.split(/ and (?=(?:[^'\\]|\\.|'(?:[^'\\]|\\.)*')*$)/)) {
    const [, name] = /^name *= *'((?:[^'\\]|\\['\\])*)'$/.exec(term) ?? []
    const [, trashed] = /^trashed *= *(true|false)$/.exec(term) ?? []
    if (term === "'appDataFolder' in parents") query.inFolder = true
    else if (name !== undefined) query.name = name.replace(/\\(.)/g, '$1')
    else if (trashed !== undefined) query.trashed = trashed === 'true'
    else throw new DriveError('invalid')
  }
  return query
}

/** The names of a selection, and of what of each. */
type Selection = ReadonlyMap<string, Selection | undefined>

/**
 * The part of a resource that `fields` selects: `nextPageToken,files(id,name)`.
 *
 * @param standard what is selected without `fields`
 * @throws {DriveError} if a field is not known
 */
export function selectFields(resource: object, fields: string | undefined, standard: string): object {
  return pick(resource, parseFields(fields ?? standard))
}

function parseFields(text: string): Selection {
  const [, list = text] = /^\((.*)\)$/.exec(text) ?? []
  const selection = new Map<string, Selection | undefined>()
  for (const part of list.split(/,(?![^(]*\))/)) {
    const [, name, inner] = /^(\w+|\*)(\([\w,*]+\))?$/.exec(part) ?? []
    if (name === undefined) throw new DriveError('invalid', `Invalid field selection ${part}`)
    selection.set(name, inner === undefined ? undefined : parseFields(inner))
  }
  return selection
}

function pick(resource: object, selection: Selection): object {
  if (selection.has('*')) return resource
  const entries: [string, unknown][] = []
  for (const [name, inner] of selection) {
    if (!(name in resource)) throw new DriveError('invalid', `Invalid field selection ${name}`)
    const value = (resource as Record<string, unknown>)[name]
    if (value === undefined) continue
    entries.push([name, inner === undefined ? value : pickEach(value, inner)])
  }
  return Object.fromEntries(entries)
}

function pickEach(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((each: object) => pick(each, selection))
  return pick(value as object, selection)
}
