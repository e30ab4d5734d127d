import { errorFromBody } from '../../src/api/errors.ts'
import { decodeFlight, encodeFlight, FLIGHT_CONTENT_TYPE, type Parcel } from '../../src/api/flight.ts'
import { operationFlags } from '../../src/api/flags.ts'
import {
  ROUNDS,
  type Decision,
  type OperationRequest,
  type OperationResult,
  type SetStatus,
} from '../../src/api/operations.ts'
import { paths } from '../../src/api/paths.ts'
import { operationSlots, setParties, WALLET_THRESHOLD } from '../../src/api/slots.ts'
import { getGroup } from '../../src/curve/index.ts'
import { createSigning } from '../../src/protocol/frost/session.ts'
import { createKeygen } from '../../src/protocol/keygen/index.ts'
import { provePossession } from '../../src/protocol/possession/index.ts'
import { createReshare } from '../../src/protocol/reshare/index.ts'
import type { Session } from '../../src/protocol/session.ts'
import { combineShares, type KeyShare, type WalletShares } from '../../src/share/index.ts'
import { partyId } from '../../src/types.ts'
import { fromHex, fromUtf8, toHex } from '../../src/util/bytes.ts'
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

export function serverClient(fetch: Fetch, clientId: string, random: RandomSource): ServerClient {
  return {
    clientId,
    random,
    async send(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': FLIGHT_CONTENT_TYPE }
      const request = new Request(`http://server.test${path}`, {
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
  throw errorFromBody(status, parseJson(body))
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

type Result = KeyShare | { readonly share?: KeyShare } | { readonly signature?: Uint8Array }

/** The client's side of one operation: the bytes of its next request, and what came of the answers. */
export class ClientOperation {
  readonly operationId: string
  readonly request: OperationRequest
  round = 1
  /** The next request; undefined once the last answer is in. */
  body: Uint8Array | undefined
  /** The new sets that the client has prepared, in the order signing, backup. */
  prepared: WalletShares[] = []
  result: OperationResult | undefined
  signature: Uint8Array | undefined
  readonly #client: ServerClient
  readonly #source: WalletShares | undefined
  readonly #sessions: readonly Session<Result>[]

  constructor(client: ServerClient, request: OperationRequest, source?: WalletShares) {
    this.#client = client
    this.#source = source
    this.operationId = toHex(client.random(16))
    this.request = request
    this.#sessions = openSessions(request, source, client.random)
    this.body = encodeFlight({ header: request, parcels: this.#sessions.flatMap((s, i) => parcels(i, s.start().out)) })
  }

  /** Sends the next request as it is; says nothing about the answer. */
  post(client: ServerClient = this.#client): Promise<Answer> {
    return client.send('POST', paths.round(this.operationId, this.round), this.body)
  }

  /** Takes the answer to the last request. @throws {MpcError} the server's error */
  take(answer: Answer): void {
    const flight = decodeFlight(unwrap(answer))
    const last = this.round === ROUNDS[this.request.kind]
    const next = this.request.kind === 'prove' ? this.#prove(flight.parcels) : this.#advance(flight.parcels)
    if (last) this.result = flight.header as OperationResult
    this.round += 1
    this.body = last ? undefined : encodeFlight({ header: {}, parcels: next })
  }

  #advance(received: readonly Parcel[]): Parcel[] {
    // In a reshare the server's last message needs no answer: the client is done before its own last has been heard.
    if (received.length === 0) return []
    for (const { slot, envelope } of received) this.#sessions[slot]?.receive(envelope)
    const steps = this.#sessions.map((session) => session.advance())
    const made = steps.flatMap(({ prepared }) => (prepared === undefined ? [] : [shareOf(prepared)]))
    if (made.length > 0) this.prepared = gather(this.request, made)
    for (const { done } of steps) if (done !== undefined && 'signature' in done) this.signature = done.signature
    return steps.flatMap(({ out }, slot) => parcels(slot, out))
  }

  #prove(challenges: readonly Parcel[]): Parcel[] {
    if (this.round === 2) return []
    return operationSlots(this.request).map(({ curve }, slot) => {
      const envelope = provePossession({
        group: getGroup(curve),
        share: this.#source?.shares.find(({ record }) => record.curve === curve) as KeyShare,
        verifier: partyId(2),
        nonce: (challenges[slot] as Parcel).envelope,
        random: this.#client.random,
      })
      return { slot, envelope }
    })
  }
}

/** Plays an operation to its end. @throws {MpcError} the server's first error */
export async function play(operation: ClientOperation): Promise<ClientOperation> {
  while (operation.body !== undefined) operation.take(await operation.post())
  return operation
}

function parcels(slot: number, envelopes: readonly Uint8Array[]): Parcel[] {
  return envelopes.map((envelope) => ({ slot, envelope }))
}

function openSessions(
  request: OperationRequest,
  source: WalletShares | undefined,
  random: RandomSource,
): Session<Result>[] {
  if (request.kind === 'prove') return []
  const self = partyId(1)
  const threshold = WALLET_THRESHOLD
  return operationSlots(request).map(({ curve, target: purpose }): Session<Result> => {
    const group = getGroup(curve)
    if (request.kind === 'generate') {
      const walletId = fromHex(request.walletId)
      return createKeygen({ group, walletId, purpose, threshold, parties: setParties(purpose), self, random })
    }
    const share = source?.shares.find(({ record }) => record.curve === curve) as KeyShare
    if (request.kind === 'sign') {
      const signers = setParties('signing').map(({ id }) => id)
      const message = fromHex(request.message)
      return createSigning({ scheme: request.scheme, group, share, signers, aggregator: self, message, random })
    }
    const participants = setParties(purpose).map((receiver) => ({ dealer: receiver.id, receiver }))
    const flags = operationFlags(request)
    return createReshare({ group, old: share.record, purpose, threshold, participants, self: 1, flags, share, random })
  })
}

function shareOf(result: Result): KeyShare {
  return 'secretShare' in result ? result : ((result as { share?: KeyShare }).share as KeyShare)
}

function gather(request: OperationRequest, shares: readonly KeyShare[]): WalletShares[] {
  const slots = operationSlots(request)
  const targets = [...new Set(slots.map(({ target }) => target))]
  return targets.map((target) => combineShares(shares.filter((_, slot) => slots[slot]?.target === target)))
}
