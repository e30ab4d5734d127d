import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
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
    faults: createFaults(root),
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

/** Validates by JSON Schema 2020-12; a keyword or format that the validator does not know is an error. */
function createFaults(root: Json): Document['faults'] {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  // What references lead to.
  ajv.addKeyword('components')
  const compiled = new Map<string, ValidateFunction>()
  return (schema, value) => {
    const key = JSON.stringify(schema)
    const validate = compiled.get(key) ?? ajv.compile({ ...schema, components: root['components'] })
    compiled.set(key, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath}: ${message}`)
  }
}
