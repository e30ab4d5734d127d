import type { ErrorResponses } from './errors.ts'
import type { Json } from './schemas.ts'

export const NO_BODY = 'The request has no body.'
export const REPEATABLE = `${NO_BODY} Repeating it changes nothing.`

/** The header of all responses. */
export const NO_STORE: Json = { 'cache-control': { $ref: '#/components/headers/NoStore' } }

/** What the headers of responses refer to. */
export const HEADERS: Json = {
  NoStore: { schema: { const: 'no-store' } },
  RetryAfter: { description: 'Whole seconds, rounded up.', schema: { type: 'integer', minimum: 1 } },
}

/** The body of a request or a response. */
export interface Body {
  readonly description: string
  /** Default: JSON. */
  readonly contentType?: string
  /** Undefined: there is no body. */
  readonly schema?: Json
  readonly example?: unknown
}

/** One request of an API. */
export interface Operation {
  readonly operationId: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** Names of security schemes; those of the document unless given. */
  readonly security?: readonly string[]
  /** Parameters in the query. */
  readonly query?: readonly Json[]
  readonly request?: Body
  /** The successful response, of status 200 unless given. */
  readonly response: Body & { readonly status?: number }
  /** The errors, as entries of the table of the API. */
  readonly errors: readonly string[]
}

/** The operation object of OpenAPI. */
export function operationObject(operation: Operation, errors: ErrorResponses): Json {
  const { operationId, tag, summary, description, security, query, request, response } = operation
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(security !== undefined && { security: security.map((name) => ({ [name]: [] })) }),
    ...(query !== undefined && { parameters: query }),
    ...(request !== undefined && { requestBody: { required: true, ...bodyObject(request) } }),
    responses: {
      [response.status ?? 200]: { ...bodyObject(response), headers: NO_STORE },
      ...errors.of(operation.errors),
    },
  }
}

function bodyObject({ description, contentType = 'application/json', schema, example }: Body): Json {
  if (schema === undefined) return { description }
  return { description, content: { [contentType]: { schema, ...(example !== undefined && { example }) } } }
}

/** A parameter in the path. */
export function pathParameter(name: string, schema: Json): Json {
  return { name, in: 'path', required: true, schema }
}

/** The path items of a document. @param parameters those of paths, by name */
export function pathItems(
  operations: Readonly<Record<string, Operation>>,
  objectOf: (operation: Operation) => Json,
  parameters: Readonly<Record<string, Json>>,
): Json {
  const items: Record<string, Json> = {}
  for (const [route, operation] of Object.entries(operations)) {
    const [method, name] = route.split(' ') as [string, string]
    const named = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameters[parameter as string])
    const existing = items[name] ?? (named.length > 0 ? { parameters: named } : {})
    items[name] = { ...existing, [method.toLowerCase()]: objectOf(operation) }
  }
  return items
}
