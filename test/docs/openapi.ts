import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './blocks.ts'

/** A JSON object of a document. */
export type Json = Readonly<Record<string, unknown>>

/** One response of an operation, with its references resolved. */
export interface DocumentedResponse {
  /** Such as `GET /v1/sets/:setId`. */
  readonly route: string
  readonly status: number
  readonly content: Readonly<Record<string, Json>>
}

/** An OpenAPI document. */
export interface Document {
  readonly root: Json
  /** The routes in the form of Hono, such as `GET /v1/sets/:setId`. */
  readonly routes: readonly string[]
  readonly responses: readonly DocumentedResponse[]
  /** What is wrong with a value, as `path: fault`; empty if it fits the schema. */
  faults(schema: Json, value: unknown): string[]
  schema(name: string): Json
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']

export function readDocument(path: string): Document {
  const root = JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Json
  const operations = Object.entries(root['paths'] as Json).flatMap(([name, item]) =>
    Object.entries(item as Json)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${name.replace(/\{([^}]*)\}/g, ':$1')}`,
        operation: operation as Json,
      })),
  )
  const responses = operations.flatMap(({ route, operation }) =>
    Object.entries(operation['responses'] as Json).map(([status, response]) => {
      const { content = {} } = resolve(root, response as Json)
      return { route, status: Number(status), content: content as DocumentedResponse['content'] }
    }),
  )
  return {
    root,
    routes: operations.map(({ route }) => route),
    responses,
    faults: (schema, value) => [...faultsOf(root, schema, value, '$')],
    schema: (name) => resolve(root, { $ref: `#/components/schemas/${name}` }),
  }
}

/** The codes that the JSON body of a response may have; undefined for a response that is no error. */
export function codesOf({ content }: DocumentedResponse): readonly string[] | undefined {
  const schema = content['application/json']?.['schema'] as Json | undefined
  if (schema?.['$ref'] !== '#/components/schemas/ErrorBody') return undefined
  const narrowed = schema as { readonly properties: { error: { properties: { id: { enum: string[] } } } } }
  return narrowed.properties.error.properties.id.enum
}

/** Follows a reference within the document. */
export function resolve(root: Json, value: Json): Json {
  const { $ref } = value
  if (typeof $ref !== 'string') return value
  const target = $ref
    .slice('#/'.length)
    .split('/')
    .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], root)
  if (!$ref.startsWith('#/') || typeof target !== 'object') throw new Error(`${$ref} leads nowhere`)
  return resolve(root, target as Json)
}

type Rule = (root: Json, argument: never, value: unknown, at: string, schema: Json) => Iterable<string>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const fits = (root: Json, schema: Json, value: unknown) => [...faultsOf(root, schema, value, '')].length === 0

/** The keywords of JSON Schema (2020-12) that the documents use. */
const RULES: Readonly<Record<string, Rule>> = {
  *$ref(root, $ref: string, value, at) {
    yield* faultsOf(root, resolve(root, { $ref }), value, at)
  },
  *type(_, types: string | string[], value, at) {
    if (![types].flat().includes(typeOf(value))) yield `${at}: ${typeOf(value)} is not ${[types].flat().join(' or ')}`
  },
  *enum(_, values: unknown[], value, at) {
    if (!values.includes(value)) yield `${at}: none of the values`
  },
  *const(_, only: unknown, value, at) {
    if (value !== only) yield `${at}: not ${JSON.stringify(only)}`
  },
  *pattern(_, pattern: string, value, at) {
    if (typeof value === 'string' && !new RegExp(pattern, 'u').test(value)) yield `${at}: does not match ${pattern}`
  },
  *format(_, format: string, value, at) {
    if (format !== 'date-time') throw new Error(`unknown format ${format}`)
    if (typeof value === 'string' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) yield `${at}: no time`
  },
  *minLength(_, least: number, value, at) {
    if (typeof value === 'string' && value.length < least) yield `${at}: too short`
  },
  *maxLength(_, most: number, value, at) {
    if (typeof value === 'string' && value.length > most) yield `${at}: too long`
  },
  *minimum(_, least: number, value, at) {
    if (typeof value === 'number' && value < least) yield `${at}: too small`
  },
  *maximum(_, most: number, value, at) {
    if (typeof value === 'number' && value > most) yield `${at}: too large`
  },
  *minItems(_, least: number, value, at) {
    if (Array.isArray(value) && value.length < least) yield `${at}: too few`
  },
  *maxItems(_, most: number, value, at) {
    if (Array.isArray(value) && value.length > most) yield `${at}: too many`
  },
  *items(root, items: Json, value, at) {
    if (Array.isArray(value)) for (const [i, item] of value.entries()) yield* faultsOf(root, items, item, `${at}[${i}]`)
  },
  *required(_, names: string[], value, at) {
    if (isObject(value)) for (const name of names) if (!Object.hasOwn(value, name)) yield `${at}.${name}: missing`
  },
  *properties(root, properties: Record<string, Json>, value, at) {
    if (!isObject(value)) return
    for (const [name, schema] of Object.entries(properties)) {
      if (Object.hasOwn(value, name)) yield* faultsOf(root, schema, value[name], `${at}.${name}`)
    }
  },
  *additionalProperties(_, allowed: boolean, value, at, { properties = {} }) {
    if (allowed || !isObject(value)) return
    for (const name of Object.keys(value)) if (!Object.hasOwn(properties as Json, name)) yield `${at}.${name}: unknown`
  },
  *oneOf(root, schemas: Json[], value, at) {
    const matching = schemas.filter((schema) => fits(root, schema, value)).length
    if (matching !== 1) yield `${at}: fits ${matching} of ${schemas.length} schemas`
  },
  *not(root, schema: Json, value, at) {
    if (fits(root, schema, value)) yield `${at}: fits what it must not`
  },
  *if(root, condition: Json, value, at, { then }) {
    if (fits(root, condition, value)) yield* faultsOf(root, then as Json, value, at)
  },
  *then() {},
}

/** Keywords that say nothing about a value. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['description', 'examples', 'default', 'contentMediaType'])

function* faultsOf(root: Json, schema: Json, value: unknown, at: string): Iterable<string> {
  for (const [keyword, argument] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue
    const rule = RULES[keyword]
    if (rule === undefined) throw new Error(`unknown keyword ${keyword} at ${at}`)
    yield* rule(root, argument as never, value, at, schema)
  }
}
