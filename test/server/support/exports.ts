import { expect } from 'vitest'
import type { KeyShare } from '../../../src/key-share/index.ts'
import type { ServerOptions } from '../../../src/server/create-server.ts'
import type { ExportAuthorization } from '../../../src/server/index.ts'
import type { Row } from '../../../src/service/database/types.ts'
import type { Curve, Purpose } from '../../../src/types.ts'
import { createSealer, type Sealer } from '../../../src/util/seal.ts'
import type { ExportRequest, SetStatus } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { shareOn } from '../../../src/client/wallet-shares.ts'
import { exportSide, type ExportSide } from '../../support/export-side.ts'
import { firstFlight, getJson, unwrap, type Answer, type ServerClient } from '../../support/server-client.ts'
import { storedSet, type StoredSet } from './played.ts'
import { MASTER_KEY, type World } from './world.ts'

export const AUTHORIZATION = 'one-time code 493021'

/** One export of a set, and its two requests. */
export interface Export extends ExportSide {
  readonly request: ExportRequest
  readonly first: RoundBody<object>
  /** The first request with messages, which it must not have. */
  withMessages(messages: readonly SessionMessage[]): RoundBody<object>
  /** The second request. @param share proves possession, in place of the client's */
  second(challenge: Uint8Array, share?: KeyShare): RoundBody<object>
}

/** A client in front of a server that allows exports, and what the server's hook was asked. */
export function exportClient(world: World, options: Partial<ServerOptions> = {}) {
  const asked: ExportAuthorization[] = []
  const authorizeExport = (request: ExportAuthorization) => {
    asked.push(request)
    return true
  }
  return { client: world.client([world.server({ authorizeExport, ...options })]), asked }
}

/** Opens what the servers of a world have sealed. */
export const sealerOf = ({ random }: World): Sealer => createSealer(MASTER_KEY.slice(0, 32), random)

/** A set in the database of a world, as if it had been generated. */
export function setInWorld(world: World, { clientId }: ServerClient, purpose?: Purpose): Promise<StoredSet> {
  const context = { random: world.random, sealer: sealerOf(world) }
  return storedSet({ database: world.database, context }, { clientId, device: null }, purpose)
}

export async function setState({ database }: World, { setId }: StoredSet, state: string): Promise<void> {
  await database.query('update reshare_sets set state = $2 where set_id = $1', [setId, state])
}

export function newExport(
  { random }: World,
  { signing, walletId, setId }: Omit<StoredSet, 'half'> & Partial<StoredSet>,
  curve: Curve,
  changed: Partial<ExportRequest> = {},
): Export {
  const side = exportSide(signing, curve, random)
  const { operationId, receiver } = side
  const request = {
    kind: 'export',
    walletId,
    setId,
    curve,
    authorization: AUTHORIZATION,
    receiver,
    ...changed,
  } as const
  const withMessages = (messages: readonly SessionMessage[]) => {
    const body = firstFlight(operationId, request, messages, shareOn(signing, 'secp256k1'), random)
    return decodeRoundBody(body) as RoundBody<object>
  }
  return {
    ...side,
    request,
    first: withMessages([]),
    withMessages,
    second: (challenge, share) => ({
      header: {},
      messages: [{ sessionIndex: 0, envelope: side.prove(challenge, share) }],
    }),
  }
}

export const postRound = (
  client: ServerClient,
  { operationId }: Export,
  round: number,
  body: RoundBody<object>,
): Promise<Answer> => client.send('POST', paths.round(operationId, round), encodeRoundBody(body))

/** The one message of a response. */
export function onlyMessage(answer: Answer): Uint8Array {
  const { messages } = decodeRoundBody(unwrap(answer))
  expect(messages.map(({ sessionIndex }) => sessionIndex)).toEqual([0])
  return messages[0]!.envelope
}

/** Sends the first request. @returns the challenge */
export async function beginExport(client: ServerClient, one: Export): Promise<Uint8Array> {
  return onlyMessage(await postRound(client, one, 1, one.first))
}

/** Sends both requests. @returns the sealed share */
export async function playExport(client: ServerClient, one: Export): Promise<Uint8Array> {
  return onlyMessage(await postRound(client, one, 2, one.second(await beginExport(client, one))))
}

/** What the set's status says about exports. */
export async function exportedAt(client: ServerClient, { walletId }: StoredSet): Promise<string | null> {
  const { sets } = await getJson<{ sets: SetStatus[] }>(client, paths.sets(walletId))
  return sets[0]!.exportedAt
}

/** The requests of a client that the server keeps. */
export const requestsKept = ({ database }: World, { clientId }: ServerClient): Promise<Row[]> =>
  database.query('select request from reshare_operations where client_id = $1', [clientId])
