import { readFailure } from '../../src/wire/error-body.ts'
import { ROUND_CONTENT_TYPE } from '../../src/wire/round-body.ts'
import type { Decision, SetStatus } from '../../src/wire/operations.ts'
import { paths } from '../../src/wire/paths.ts'
import { fromUtf8 } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

/** Anything that answers requests as a server does. */
export type Fetch = (request: Request) => Promise<Response>

/** What a server's HTTP API answered. */
export interface Answer {
  readonly status: number
  readonly body: Uint8Array
}

/** One client of the server at the level of the protocols: it keeps nothing and repeats nothing by itself. */
export interface ServerClient {
  readonly clientId: string
  readonly random: RandomSource
  send(method: string, path: string, body?: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

/** The header by which tests say who they are. */
export const CLIENT_HEADER = 'x-test-client'

/** @param url of the server, without a path */
export function serverClient(
  fetch: Fetch,
  clientId: string,
  random: RandomSource,
  url = 'http://server.test',
): ServerClient {
  return {
    clientId,
    random,
    async send(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': ROUND_CONTENT_TYPE }
      const request = new Request(`${url}${path}`, {
        method,
        headers: { [CLIENT_HEADER]: clientId, ...type, ...headers },
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      })
      const response = await fetch(request)
      return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
    },
  }
}

/** The body of a successful answer. @throws {MpcError} the server's error */
export function unwrap({ status, body }: Answer): Uint8Array {
  if (status === 200) return body
  throw readFailure(status, parseJson(body)).error
}

/** The code of an error answer. */
export function codeOf({ status, body }: Answer): string {
  if (status === 200) throw new Error('expected an error, got an answer')
  return (parseJson(body) as { error: { id: string } }).error.id
}

export function parseJson(body: Uint8Array): unknown {
  return JSON.parse(fromUtf8(body))
}

export async function getJson<T>(client: ServerClient, path: string): Promise<T> {
  return parseJson(unwrap(await client.send('GET', path))) as T
}

export async function postJson<T>(client: ServerClient, path: string): Promise<T> {
  return parseJson(unwrap(await client.send('POST', path))) as T
}

export const setStatus = (client: ServerClient, setId: string) => getJson<SetStatus>(client, paths.set(setId))
export const retireSet = (client: ServerClient, setId: string) => postJson<SetStatus>(client, paths.retire(setId))
export const confirmSet = (client: ServerClient, setId: string) => postJson<SetStatus>(client, paths.confirm(setId))
export const abortOperation = (client: ServerClient, operationId: string) =>
  postJson<Decision>(client, paths.abort(operationId))
