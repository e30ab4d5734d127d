import type { OperationRequest, RecoverRequest } from '../../../src/wire/operations.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { createAuditLog } from '../../../src/server/audit/log.ts'
import { DEFAULT_LIMITS, type ServerContext } from '../../../src/server/context.ts'
import type { Database, Queryable, Row, SqlValue } from '../../../src/service/database/types.ts'
import { insertOperation } from '../../../src/server/rounds/operations-table.ts'
import { createTurns } from '../../../src/server/rounds/turns.ts'
import { serverSchema } from '../../../src/server/schema.ts'
import type { SetRow } from '../../../src/server/sets/sets-table.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { encodeWalletSetRecord, encodeWalletShares } from '../../../src/key-share/index.ts'
import type { Purpose } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { hashRequest, type RequestHash } from '../../../src/server/rounds/request-hash.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'
import { insertSet } from './insert-rows.ts'

export const START = Date.UTC(2026, 0, 1)

/** The server's functions on its tables, without requests and sessions: what they make of rows. */
export interface Tables {
  readonly context: ServerContext
  readonly database: Database
  /** What its values are sealed with. */
  readonly masterKey: Uint8Array
  readonly errors: unknown[]
  /** What the custodian has, by set: a share of each backup set that {@link Tables.set} has made. */
  readonly halves: Map<string, Uint8Array>
  /** What the custodian was asked to remove. */
  readonly removed: string[]
  clock: number
  /** An operation of a client of its own. */
  key(changes?: Partial<CalledOperation>): CalledOperation
  hash(request: string): RequestHash
  /** @param body the first request, by which the operation is known */
  begin(key: CalledOperation, request?: OperationRequest, body?: Uint8Array): Promise<boolean>
  /** A set of an operation, with a share; `changes` are columns. */
  set(key: CalledOperation, row?: Partial<SetRow>, changes?: Record<string, SqlValue>): Promise<string>
  row(sql: string, ...parameters: SqlValue[]): Promise<Row | undefined>
  state(setId: string): Promise<SqlValue | undefined>
  /** Whether the server still holds its share. */
  hasShare(setId: string): Promise<boolean>
  /** What the log tells of a client, each event as `event wallet set operation detail` without what it has none of. */
  log(clientId: string): Promise<string[]>
}

export const WALLET = '0'.repeat(32)

export const generating: OperationRequest = { kind: 'generate', walletId: WALLET, label: 'phone' }

export const recovering = (setId: string, changes: Partial<RecoverRequest> = {}): RecoverRequest => {
  return {
    kind: 'recover',
    walletId: WALLET,
    setId,
    label: 'laptop',
    existingSets: 'retire',
    rotateBackup: null,
    dryRun: false,
    ...changes,
  }
}

export async function createTables(database: Database, random: RandomSource): Promise<Tables> {
  await database.migrate(serverSchema)
  const errors: unknown[] = []
  const removed: string[] = []
  const halves = new Map<string, Uint8Array>()
  const custodian: Custodian = {
    store: async ({ setId, share }) => void halves.set(setId, share.slice()),
    fetch: async (_, setId) => [halves.get(setId)].flatMap((half) => (half === undefined ? [] : [half.slice()])),
    delete: async (_, setId) => {
      removed.push(setId)
      halves.delete(setId)
    },
  }
  /** A new set's id and record; of a backup set, the custodian has its share. */
  const newSet = (purpose: Purpose = 'signing') => {
    if (purpose === 'signing') return { setId: toHex(random(32)), record: new Uint8Array(1) }
    const { other } = walletPair('backup', random)
    const setId = toHex(other.setId)
    halves.set(setId, encodeWalletShares(getGroup, other))
    const records = other.shares.map(({ record }) => record)
    return { setId, record: encodeWalletSetRecord(getGroup, { ...other, records }) }
  }
  const now = () => tables.clock
  const masterKey = random(32)
  const sealer = createSealer(masterKey, random)
  const audit = createAuditLog({ database, sealer, random, now })
  const name = () => toHex(random(16))
  const tables: Tables = {
    database,
    masterKey,
    errors,
    halves,
    removed,
    clock: START,
    context: {
      database,
      custodian,
      policy: undefined,
      intents: { decoders: new Map(), required: false },
      authorizeExport: undefined,
      onCheating: 'refuse',
      caught: new Map(),
      turns: createTurns(DEFAULT_LIMITS.requestMs),
      sealer,
      audit,
      events: undefined,
      random,
      limits: DEFAULT_LIMITS,
      now,
      observe: () => undefined,
      onRequest: () => undefined,
      onError: (error) => errors.push(error),
    },
    key: (changes) => ({ clientId: name(), operationId: name(), device: null, ...changes }),
    hash: (request) => hashRequest(tables.context, utf8(request)),
    begin: async (key, request = generating, body = utf8('first')) =>
      (await insertOperation(tables.context, database, {
        ...key,
        request,
        requestHash: hashRequest(tables.context, body),
      })) !== undefined,
    async set(key, row, changes = {}) {
      const { setId, record } = newSet(row?.purpose)
      await insertSet(database, {
        setId,
        record,
        walletId: WALLET,
        purpose: 'signing',
        label: 'phone',
        backupMethod: null,
        sourceSetId: null,
        createdAt: new Date(START),
        ...key,
        ...row,
      })
      await database.query('insert into reshare_shares (set_id, sealed) values ($1, $2)', [setId, random(40)])
      await database.query(
        'insert into reshare_ot_states (set_id, sealed, poisoned, epoch) values ($1, $2, false, 1)',
        [setId, random(40)],
      )
      for (const [column, value] of Object.entries(changes)) {
        await database.query(`update reshare_sets set ${column} = $2 where set_id = $1`, [setId, value])
      }
      return setId
    },
    row: async (sql, ...parameters) => (await database.query(sql, parameters))[0],
    state: async (setId) => (await tables.row('select state from reshare_sets where set_id = $1', setId))?.['state'],
    hasShare: async (setId) =>
      (await tables.row('select 1 from reshare_shares where set_id = $1', setId)) !== undefined,
    async log(clientId) {
      const rows = await database.query(
        `select event, wallet_id, set_id, operation_id, detail from reshare_audit where client_id = $1 order by sequence`,
        [clientId],
      )
      return rows.map((row) => Object.values(row).filter(Boolean).join(' '))
    },
  }
  await audit.open()
  return tables
}

/** A database that answers a hundred times: what finds no end is stopped by it. */
export function bounded(database: Database): Database {
  let asked = 0
  const within = (db: Queryable): Queryable => ({
    query: (sql, parameters) => {
      if (++asked > 100) throw new Error('this finds no end')
      return db.query(sql, parameters)
    },
  })
  return {
    ...database,
    ...within(database),
    transaction: (work, isolation) => database.transaction((tx) => work(within(tx)), isolation),
  }
}
