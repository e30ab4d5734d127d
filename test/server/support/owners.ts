import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { getGroup } from '../../../src/curve/index.ts'
import { encodeWalletShares, type WalletShares } from '../../../src/key-share/index.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Row, SqlValue } from '../../../src/service/database/types.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'
import type { ClientOperation, ServerClient } from '../../support/server-client.ts'
import { storedSet, tablesClient, type StoredSet } from './played.ts'
import { createTables, type Tables } from './tables.ts'
import { testCustodian, type TestCustodian } from './world.ts'

/** A client of its own, whose requests are handled on the tables. */
export interface Owner {
  readonly clientId: string
  readonly client: ServerClient
  /** The same client, in front of a server of which something is changed. */
  readonly having: (changes: Partial<ServerContext>) => ServerClient
}

/** An owner with a set that is stored and can be used. */
export interface SetOwner extends Owner {
  readonly set: StoredSet
}

/** Makes owners on the tables of a file, with one custodian. */
export interface Owners {
  readonly tables: Tables
  readonly custodian: TestCustodian
  readonly context: ServerContext
  newOwner(device?: string): Owner
  /** An owner of a signing set. */
  walletOwner(): Promise<SetOwner>
  /** An owner of a backup set, whose share the custodian has. */
  backupOwner(): Promise<SetOwner>
  custodianShares(owner: Owner): readonly Uint8Array[]
  /** The rows of the sets that an operation has prepared. */
  setsOf(operation: ClientOperation): Promise<Row[]>
  decisionOf(operation: ClientOperation): Promise<SqlValue | undefined>
  abort(owner: Owner, operation: ClientOperation): Promise<unknown>
  /** A database whose `nth` transaction from now on comes after `work`. */
  before(nth: number, work: () => Promise<unknown>): Pick<ServerContext, 'database'>
}

const COLUMNS = 'set_id, wallet_id, purpose, state, label, backup_method, source_set_id, device'

/**
 * The owners that the tests of a file make. A test fails if it leaves an error that it has not looked at.
 *
 * @param take gets them before the first test
 */
export function fileOwners(take: (owners: Owners) => void): void {
  let tables: Tables
  beforeAll(async () => {
    tables = await createTables(pgliteDatabase(), seededRandom())
    take(createOwners(tables))
  })
  afterEach(() => expect(tables.errors.splice(0)).toEqual([]))
  afterAll(() => tables.database.close())
}

function createOwners(tables: Tables): Owners {
  const custodian = testCustodian()
  const context = { ...tables.context, custodian }
  const { database } = tables
  const newOwner = (device: string | null = null): Owner => {
    const { clientId } = tables.key()
    const having = (changes: Partial<ServerContext>) => tablesClient({ ...context, ...changes }, { clientId, device })
    return { clientId, having, client: having({}) }
  }
  return {
    tables,
    custodian,
    context,
    newOwner,
    async walletOwner() {
      const owner = newOwner()
      return { ...owner, set: await storedSet(tables, { clientId: owner.clientId, device: null }) }
    },
    async backupOwner() {
      const owner = newOwner()
      const set = await storedSet(tables, { clientId: owner.clientId, device: null }, 'backup')
      custodian.halves.set(owner.clientId, [encodeWalletShares(getGroup, set.half)])
      return { ...owner, set }
    },
    custodianShares: ({ clientId }) => custodian.halves.get(clientId) ?? [],
    setsOf: ({ operationId }) =>
      database.query(`select ${COLUMNS} from reshare_sets where operation_id = $1 order by ordinal`, [operationId]),
    decisionOf: async ({ operationId }) =>
      (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision'],
    abort: ({ clientId }, { operationId }) => abortOperation(context, { clientId, operationId }),
    before(nth, work) {
      let seen = 0
      return {
        database: {
          ...database,
          transaction: async (inside, isolation) => {
            if (++seen === nth) await work()
            return database.transaction(inside, isolation)
          },
        },
      }
    },
  }
}

/** Sends the first requests of an operation. */
export async function playTo(operation: ClientOperation, rounds: number): Promise<ClientOperation> {
  for (let i = 0; i < rounds; i++) operation.take(await operation.post())
  return operation
}

/** The public keys of a wallet, by curve, encoded in hex. */
export const publicKeysOf = (share: WalletShares): string[] =>
  share.shares.map(({ record: { curve, publicKey } }) => toHex(getGroup(curve).encodePoint(publicKey)))
