import { partiesOf } from '../../../src/wire/sessions.ts'
import { getGroup } from '../../../src/curve/index.ts'
import {
  bindOtState,
  createOtSetup,
  getEcdsaBackend,
  type OtState,
  type PeerSetup,
} from '../../../src/protocol/ecdsa/index.ts'
import type { Caller } from '../../../src/server/access/caller.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import type { Queryable } from '../../../src/service/database/types.ts'
import { handleRound } from '../../../src/server/rounds/handle-round.ts'
import { sealOtState, storeOtState } from '../../../src/server/sets/ot-states.ts'
import { ecdsaShare } from '../../../src/server/sets/shares.ts'
import { combineRecords, encodeWalletSetRecord, type WalletShares } from '../../../src/key-share/index.ts'
import type { Purpose } from '../../../src/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import type { SealContext } from '../../../src/util/seal.ts'
import type { ServerClient } from '../../support/server-client.ts'
import { simulate } from '../../support/simulator.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { START, type Tables } from './tables.ts'
import { setIdOf } from './wallets.ts'
import { insertSet, insertShare } from './insert-rows.ts'

/** A client whose requests are played on the tables, without HTTP: what goes wrong is thrown as it is. */
export function tablesClient(context: ServerContext, { clientId, device }: Caller): ServerClient {
  return {
    clientId,
    random: context.random,
    async send(_, path, body = new Uint8Array()) {
      const [, operationId = '', round] = /^\/v1\/operations\/(.+)\/rounds\/(.+)$/.exec(path) ?? []
      return {
        status: 200,
        body: await handleRound(context, { clientId, device, operationId }, { round: Number(round), body }),
      }
    },
  }
}

/** A set of a wallet, made by its two parties alone. */
export interface StoredSet {
  readonly walletId: string
  readonly setId: string
  /** The client's share. */
  readonly signing: WalletShares
  /** The server's or the custodian's. */
  readonly half: WalletShares
}

/** A set that is nowhere yet. */
export function newSet(purpose: Purpose, random: RandomSource): StoredSet {
  const { client: signing, other: half } = walletPair(purpose, random)
  return { walletId: toHex(signing.walletId), setId: setIdOf(signing), signing, half }
}

/** A database with the server's tables, and what its shares are sealed with. */
export interface SetTables {
  readonly database: Queryable
  readonly context: Pick<ServerContext, 'random' | 'sealer'>
}

/** Puts a committed set into the tables. The custodian's share of a backup set is the test's to put somewhere. */
export async function storedSet(
  { context, database }: SetTables,
  { clientId, device }: Caller,
  purpose: Purpose = 'signing',
): Promise<StoredSet> {
  const set = newSet(purpose, context.random)
  const { walletId, setId, half } = set
  await insertSet(database, {
    setId,
    clientId,
    walletId,
    operationId: toHex(context.random(16)),
    purpose,
    label: purpose === 'signing' ? 'phone' : '',
    backupMethod: purpose === 'signing' ? null : 'PASSWORD',
    sourceSetId: null,
    device,
    record: encodeWalletSetRecord(getGroup, combineRecords(half.shares.map(({ record }) => record))),
    createdAt: new Date(START),
  })
  await database.query(`update reshare_sets set state = 'ACTIVE', committed_at = created_at where set_id = $1`, [setId])
  await database.query('insert into reshare_wallets (wallet_id, client_id, created_at) values ($1, $2, $3)', [
    walletId,
    clientId,
    new Date(START),
  ])
  if (purpose === 'signing') await insertShare(context, database, { clientId, setId }, half)
  return set
}

/** Gives a signing set its ECDSA setup. @returns the client's side of it */
export async function storedPair({ context, database }: Tables, clientId: string, set: StoredSet): Promise<OtState> {
  const parties = partiesOf('signing').map(({ id }) => id)
  const agreed = { backend: getEcdsaBackend(), parties, binding: context.random(32), random: context.random }
  const made = simulate(parties.map((self) => createOtSetup({ ...agreed, self })))
  const of = ({ done }: { done?: readonly PeerSetup[] }, half: WalletShares) =>
    bindOtState(done?.[0] as PeerSetup, ecdsaShare(half).record.setId)
  const key = { clientId, setId: set.setId }
  await storeOtState(context, database, key, sealOtState(context, key, of(made[1]!, set.half), 1))
  return of(made[0]!, set.signing)
}

/** The context with something done once, just after a query outside of transactions that says `text` was answered. */
export function after(
  context: ServerContext,
  text: string,
  work: () => Promise<unknown>,
  nth = 1,
): ServerContext & { readonly isDone: () => boolean } {
  let seen = 0
  const query: Queryable['query'] = async (sql, parameters) => {
    const rows = await context.database.query(sql, parameters)
    if (sql.includes(text) && ++seen === nth) await work()
    return rows
  }
  return { ...context, database: { ...context.database, query }, isDone: () => seen >= nth }
}

/** What a sealer was given to seal and what it has opened, with their places. */
export interface Sealed {
  readonly call: 'seal' | 'open'
  readonly place: SealContext
  readonly bytes: Uint8Array
}

/** The context with a sealer that keeps the bytes themselves, to see whether they are wiped. */
export function watchingSeals(context: ServerContext): { readonly context: ServerContext; readonly seen: Sealed[] } {
  const seen: Sealed[] = []
  const { sealer } = context
  const keep = (call: Sealed['call'], place: SealContext, bytes: Uint8Array) => (
    seen.push({ call, place, bytes }),
    bytes
  )
  return {
    seen,
    context: {
      ...context,
      sealer: {
        ...sealer,
        seal: (place, bytes) => sealer.seal(place, keep('seal', place, bytes)),
        open: (place, sealed) => keep('open', place, sealer.open(place, sealed)),
      },
    },
  }
}
