import { decodeRoundBody, encodeRoundBody, ROUND_CONTENT_TYPE } from '../../../src/wire/round-body.ts'
import type { OperationRequest, SignEd25519Request } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import type { Transport, TransportRequest, TransportResponse } from '../../../src/index.ts'
import { equalBytes, fromHex, fromUtf8, toHex } from '../../../src/util/bytes.ts'
import { systemRandom } from '../../../src/util/random.ts'

interface Exchange {
  readonly request: TransportRequest
  readonly body: Uint8Array
}

/** Sits in front of the server, hears every answer it gives, and asks it what it must not answer. */
export interface Recorder extends Transport {
  /** What the server has answered, or answers now, that it must not; empties the memory of what was heard. */
  cross(): Promise<string[]>
  /** The code by which the server refuses to sign with a set; undefined if it does not refuse. */
  refusal(walletId: string, setId: string): Promise<string | undefined>
}

/** The codes by which a set refuses to sign because of its state. */
export const REFUSALS: readonly string[] = ['SET_RETIRED', 'OPERATION_IN_PROGRESS', 'SET_MISMATCH']

export function createRecorder(server: Transport): Recorder {
  const rounds: Exchange[] = []
  const openings = new Map<string, string>()
  const wrong: string[] = []

  const note = (request: TransportRequest, answer: Uint8Array) => {
    if (request.method !== 'POST' || !request.path.includes('/rounds/')) return
    rounds.push({ request, body: answer })
    const { id } = preprocessingOf(request) ?? {}
    if (id === undefined) return
    const opened = toHex(answer)
    if (openings.has(id) && openings.get(id) !== opened) wrong.push('one preprocessing gave two openings')
    openings.set(id, opened)
  }

  return {
    async request(request) {
      const { signal: _, ...sent } = request
      const copy = { ...sent, ...(request.body && { body: request.body.slice() }) }
      const response = await server.request(request)
      if (response.status === 200) note(copy, response.body.slice())
      return response
    },

    async cross() {
      for (const { request, body } of rounds) {
        const again = await server.request(request)
        if (again.status === 200 && !equalBytes(again.body, body)) wrong.push('a repeated request got another answer')
        const other = await server.request({ ...request, body: changed(request.body) })
        if (other.status === 200) wrong.push('a round that was answered was played again with another message')
      }
      for (const { request } of rounds) {
        if (preprocessingOf(request) === undefined) continue
        // Its opening is of another statement: a server that had it still would come as far as to see that.
        const again = await server.request({ ...request, path: newRound(), body: withOtherMessage(request.body) })
        const isTaken = again.status === 200 || refusalOf(again) === 'PROTOCOL_ABORTED'
        if (isTaken) wrong.push('a preprocessing that was used is taken again')
      }
      rounds.length = 0
      return wrong.splice(0)
    },

    async refusal(walletId, setId) {
      const header: SignEd25519Request = { kind: 'sign', scheme: 'ed25519', walletId, setId, message: '00', path: 'm' }
      const body = encodeRoundBody({ header, messages: [] })
      const answer = await server.request({ method: 'POST', path: newRound(), contentType: ROUND_CONTENT_TYPE, body })
      if (answer.status === 200) return undefined
      return refusalOf(answer)
    },
  }
}

function newRound(): string {
  return paths.round(toHex(systemRandom(16)), 1)
}

function headerOf({ body }: TransportRequest): Partial<OperationRequest> {
  return decodeRoundBody(body as Uint8Array).header as Partial<OperationRequest>
}

/** The preprocessing that a request uses, if it does. */
function preprocessingOf(request: TransportRequest): { readonly id: string } | undefined {
  const header = headerOf(request)
  if (header.kind !== 'sign' || header.scheme !== 'ecdsa') return undefined
  return header.source?.kind === 'preprocessing' ? header.source : undefined
}

function refusalOf({ body }: Pick<TransportResponse, 'body'>): string {
  return (JSON.parse(fromUtf8(body)) as { error: { id: string } }).error.id
}

function withOtherMessage(body: Uint8Array | undefined): Uint8Array {
  const { header, messages } = decodeRoundBody(body as Uint8Array)
  return encodeRoundBody({ header: { ...(header as object), message: toHex(fromHex('6f74686572')) }, messages })
}

/** The same request but for one byte. */
function changed(body: Uint8Array | undefined): Uint8Array {
  const other = (body as Uint8Array).slice()
  other[other.length - 1]! ^= 1
  return other
}
