import { expect } from 'vitest'
import { SEALED_CONTENT_TYPE } from '../../src/channel/messages.ts'
import { fromUtf8 } from '../../src/util/bytes.ts'
import { operationRounds } from '../../src/wire/operation-definitions.ts'
import type { OperationRequest } from '../../src/wire/operations.ts'
import { decodeRoundBody, ROUND_CONTENT_TYPE } from '../../src/wire/round-body.ts'
import type { ServerClient } from '../support/server-client.ts'
import { resolve, type Document, type Json } from './openapi.ts'

/** A request and its response. */
interface Call {
  readonly method: string
  /** With the query, if any. */
  readonly path: string
  readonly sent: Uint8Array | undefined
  readonly status: number
  readonly received: Uint8Array
}

/** Checks calls against a document. */
export interface Checker {
  /** What was called, such as `GET /v1/wallets 200`. */
  readonly called: ReadonlySet<string>
  /** Fails unless the response is as documented, and the request if it succeeded. */
  check(call: Call): void
  /** The client, with every call checked. */
  client(client: ServerClient): ServerClient
  /** The handler, with every call checked. */
  fetch(handle: (request: Request) => Promise<Response>): (request: Request) => Promise<Response>
}

const json = (bytes: Uint8Array): unknown => JSON.parse(fromUtf8(bytes))

export function createChecker(document: Document): Checker {
  const { root } = document
  const called = new Set<string>()
  /** The rounds that are left of the operation that was begun last. */
  let left = 0

  function operationOf({ method, path }: Call): { route: string; operation: Json } {
    const called = `${method} ${path.split('?')[0] as string}`
    const route = document.routes.find((each) => new RegExp(`^${each.replace(/:\w+/g, '[^/]+')}$`).test(called))
    if (route === undefined) throw new Error(`${called} is not documented`)
    const name = route.slice(method.length + 1).replace(/:(\w+)/g, '{$1}')
    return { route, operation: ((root['paths'] as Json)[name] as Json)[method.toLowerCase()] as Json }
  }

  function expectFits(schema: Json, value: unknown, what: string): void {
    expect([what, document.faults(schema, value)]).toEqual([what, []])
  }

  function expectJson(message: unknown, bytes: Uint8Array, what: string): void {
    const content = resolve(root, message as Json)['content'] as Record<string, { readonly schema: Json }>
    expectFits(content['application/json']!.schema, json(bytes), what)
  }

  function checkRound(sent: Uint8Array | undefined, received: Uint8Array, what: string): void {
    if (sent !== undefined) {
      const header = decodeRoundBody(sent).header as Json
      const isFirst = 'kind' in header
      if (isFirst) left = operationRounds(header as unknown as OperationRequest)
      expectFits(document.schema(isFirst ? 'OperationHeader' : 'EmptyHeader'), header, `the header of ${what}`)
      left -= 1
    }
    const name = sent === undefined ? 'JoinStatus' : left === 0 ? 'OperationResult' : 'EmptyHeader'
    expectFits(document.schema(name), decodeRoundBody(received).header, `the ${name} of ${what}`)
  }

  function check(call: Call): void {
    const { sent, status, received } = call
    const { route, operation } = operationOf(call)
    const what = `${route} ${status}`
    called.add(what)
    const response = (operation['responses'] as Json)[status] as Json | undefined
    expect(response, `${what} is documented`).toBeDefined()
    const content = resolve(root, response as Json)['content'] as Json | undefined
    if (content === undefined) expect(received).toHaveLength(0)
    else if (SEALED_CONTENT_TYPE in content) expect(received.length).toBeGreaterThan(49)
    else if (ROUND_CONTENT_TYPE in content) checkRound(sent, received, what)
    else expectJson(response, received, what)
    const isJson = sent !== undefined && sent.length > 0 && content?.[ROUND_CONTENT_TYPE] === undefined
    if (status < 300 && isJson) expectJson(operation['requestBody'], sent, `the request of ${what}`)
  }

  return {
    called,
    check,
    client: (client) => ({
      ...client,
      async send(method, path, body, headers) {
        const { status, body: received } = await client.send(method, path, body, headers)
        check({ method, path, sent: body, status, received })
        return { status, body: received }
      },
    }),
    fetch: (handle) => async (request) => {
      const { method, url } = request
      const sent = new Uint8Array(await request.clone().arrayBuffer())
      const response = await handle(request)
      const received = new Uint8Array(await response.clone().arrayBuffer())
      const { pathname, search } = new URL(url)
      check({ method, path: pathname + search, sent, status: response.status, received })
      return response
    },
  }
}
