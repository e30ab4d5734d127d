import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { MpcError, type ErrorCode } from '../../src/errors.ts'
import { DEFAULT_LIMITS } from '../../src/server/context.ts'
import { OPERATION_KINDS } from '../../src/server/operations/definitions.ts'
import { parseOperation } from '../../src/server/rounds/requests.ts'
import { createServer } from '../../src/server/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { errorStatus, hasServerStatus } from '../../src/wire/error-body.ts'
import { custodianApp } from '../support/custodian-app.ts'
import { ROOT, readPage } from './blocks.ts'
import { codesOf, readDocument, type Document, type Json } from './openapi.ts'

const apps = vi.hoisted((): Hono[] => [])
vi.mock('hono', async (original) => {
  const module = await original<typeof import('hono')>()
  class Recorded extends module.Hono {
    constructor() {
      super()
      apps.push(this)
    }
  }
  return { ...module, Hono: Recorded }
})

const server = readDocument('docs/reference/openapi-server.json')
const custodian = readDocument('docs/reference/openapi-custodian.json')
const documents = [
  ['the signing server', server],
  ['the custodian', custodian],
] as const

test.each(documents)('is an OpenAPI 3.1 document: %s', async (_, { root }) => {
  const validator = new Validator()
  expect(await validator.validate(structuredClone(root))).toEqual({ valid: true })
  expect(validator.version).toBe('3.1')
})

/** The routes of an app, which it makes at its first request. */
async function routesOf({ fetch }: { readonly fetch: (request: Request) => Promise<Response> }): Promise<string[]> {
  apps.length = 0
  await fetch(new Request('http://localhost/none'))
  return apps.flatMap(({ routes }) =>
    routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`),
  )
}

test('documents exactly the routes of the app', async () => {
  const database = pgliteDatabase()
  const serverRoutes = await routesOf(
    createServer({ database, masterKey: new Uint8Array(32).fill(1), authenticate: () => undefined }),
  )
  const custodianRoutes = await routesOf(custodianApp({ database }))
  expect([...server.routes].sort()).toEqual(serverRoutes.sort())
  expect([...custodian.routes].sort()).toEqual(custodianRoutes.sort())
  await database.close()
})

/** Every code that a server responds with. */
function serverCodes(): string[] {
  const [, union] = /export type ErrorCode =\n([^\n]*\n(?: {2}\|.*\n)*)/.exec(
    readFileSync(join(ROOT, 'src/errors.ts'), 'utf8'),
  ) as unknown as [string, string]
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code as ErrorCode)
  return codes.filter((code) => hasServerStatus(new MpcError(code, '')))
}

const UNNAMED: Readonly<Record<string, readonly number[]>> = { BAD_REQUEST: [400], INTERNAL: [500, 503] }

describe.each(documents)('the errors of %s', (_, document) => {
  const errors = document.responses.flatMap((response) =>
    (codesOf(response) ?? []).map((code) => ({ ...response, code })),
  )

  test('have the status of their code', () => {
    expect(errors.length).toBeGreaterThan(40)
    for (const { route, status, code } of errors) {
      const statuses = UNNAMED[code] ?? [errorStatus(code as ErrorCode)]
      expect(statuses, `${route} ${code}`).toContain(status)
    }
  })

  test('are all statuses but the successful ones', () => {
    const rest = document.responses.filter((response) => codesOf(response) === undefined)
    expect(new Set(rest.map(({ status }) => status >= 200 && status < 300))).toEqual(new Set([true]))
  })

  test('have the codes that a server responds with', () => {
    expect([...(document.schema('ErrorCode')['enum'] as string[])].sort()).toEqual(
      [...serverCodes(), ...Object.keys(UNNAMED)].sort(),
    )
  })
})

test('the page of the HTTP API has the same codes', () => {
  const rows = readPage('docs/reference/http-api.md').matchAll(/^\| (\d{3}) \| ((?:`[A-Z_]+`(?:, )?)+) \|/gm)
  const listed = [...rows].flatMap(([, status, codes]) =>
    [...(codes as string).matchAll(/[A-Z_]+/g)].map(([code]) => `${status} ${code}`),
  )
  const documented = server.responses.flatMap((response) =>
    (codesOf(response) ?? []).map((code) => `${response.status} ${code}`),
  )
  expect(new Set(documented)).toEqual(new Set(listed))
})

/** Every schema with an example, wherever it stands. */
function* examplesIn(value: unknown, at: string): Iterable<{ at: string; schema: Json; example: unknown }> {
  if (typeof value !== 'object' || value === null) return
  const { schema, example, examples } = value as Record<string, unknown>
  const isContent = typeof schema === 'object' && schema !== null
  if (isContent && example !== undefined) yield { at, schema: schema as Json, example }
  if (isContent && examples !== undefined) {
    for (const [name, one] of Object.entries(examples as Record<string, { value: unknown }>)) {
      yield { at: `${at} ${name}`, schema: schema as Json, example: one.value }
    }
  }
  if (Array.isArray(examples)) for (const one of examples) yield { at, schema: value as Json, example: one }
  for (const [key, part] of Object.entries(value)) {
    if (key !== 'example' && key !== 'examples') yield* examplesIn(part, `${at}/${key}`)
  }
}

test.each(documents)('the examples of %s fit their schemas', (_, document) => {
  const examples = [...examplesIn(document.root, '')]
  expect(examples.length).toBeGreaterThan(15)
  for (const { at, schema, example } of examples) expect([at, document.faults(schema, example)]).toEqual([at, []])
})

const headers = (server.schema('OperationHeader') as { readonly oneOf: readonly { readonly $ref: string }[] }).oneOf
const headerExamples = headers.map(({ $ref }) => {
  const name = $ref.split('/').at(-1)
  const [example] = server.schema(name)['examples'] as [Json]
  return [name, example] as const
})

function serverTakes(header: Json): boolean {
  try {
    parseOperation(header, DEFAULT_LIMITS)
    return true
  } catch {
    return false
  }
}

const documentTakes = (document: Document, header: Json) => document.faults(document.schema('OperationHeader'), header)

const OTHER_VALUES = [null, '', 'x', 'ab'.repeat(32), 'ab'.repeat(16), 1, true, false, {}, [], { kind: 'setup' }]

test('has a header of every kind of operation', () => {
  expect(new Set(headerExamples.map(([, { kind }]) => kind))).toEqual(new Set(OPERATION_KINDS))
})

test.each(headerExamples)('the server takes and refuses the %s that the schema does', (_, example) => {
  const changed = Object.keys(example).flatMap((field) => {
    const { [field]: _, ...rest } = example
    return [rest, ...OTHER_VALUES.map((value) => ({ ...example, [field]: value }))]
  })
  const optional = ['slowClient', 'withoutSetup', 'proof', 'unknown'].map((field) => ({ ...example, [field]: true }))
  expect(serverTakes(example)).toBe(true)
  for (const header of [example, ...changed, ...optional]) {
    const faults = documentTakes(server, header)
    expect([header, faults.length === 0]).toEqual([header, serverTakes(header)])
  }
})
