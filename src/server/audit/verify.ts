import { toHex } from '../../util/bytes.ts'
import type { MasterKeys } from '../../util/master-keys.ts'
import { systemRandom } from '../../util/random.ts'
import { createSealer } from '../../util/seal.ts'
import type { Database, Queryable } from '../../service/database/types.ts'
import { readEpoch } from '../epoch.ts'
import { serverSchema } from '../schema.ts'
import { assertHeads, ChainReader, type AuditBreak, type AuditHead } from './chain.ts'
import { SERVER_CHAIN } from './entry.ts'
import { findDisagreement } from './history.ts'
import { readAuditKey } from './key.ts'
import { readAway, readClients, readDevices, readEntries, readHeads, readSets } from './pages.ts'
import type { ClientRange, StoredDevice, StoredHead, StoredSet } from './pages.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'

/** Options of {@link verifyAuditLog}. */
export interface AuditVerification {
  /** The server's database. It is only read, after its schema was migrated. */
  readonly database: Database
  /** The server's master keys: one of them must open the key of the log. */
  readonly masterKey: MasterKeys
  /** Heads of an earlier report, stored outside the database. */
  readonly heads?: readonly AuditHead[]
}

/** What {@link verifyAuditLog} found. */
export interface AuditReport {
  /** The number of chains: one per client, and the server's own. */
  readonly chains: number
  /** The number of entries, up to the first break of each chain. */
  readonly entries: number
  /** The database's epoch. Each restore increments it and voids bans; an increment without a restore is an attack. */
  readonly epoch: number
  /** The first break of each chain; empty if the log is complete and agrees with the sets. */
  readonly breaks: readonly AuditBreak[]
  /** The head of each intact chain. Store them where nobody with write access to the database can write. */
  readonly heads: readonly AuditHead[]
}

/**
 * Verifies the log of share-set events: that every chain is intact and continues from the known heads, and that the
 * sets are in the states that it records. Servers may keep running: it reads page by page, each in its own snapshot,
 * and blocks nothing.
 *
 * It detects changes by anyone who can write to the database but has no master key. Forgeries by a holder of the key,
 * and a chain truncated together with the sets it describes, are detected only with a known head.
 *
 * @throws {TypeError | RangeError} if master keys or heads are invalid
 * @throws {SHARE_PARSING_FAILED} if no master key opens the key of the log
 */
export async function verifyAuditLog(options: AuditVerification): Promise<AuditReport> {
  const { database, masterKey, heads = [] } = assertObject(options, 'verifyAuditLog')
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  const sealer = createSealer(masterKey, systemRandom)
  const known = byClient(heads)
  await database.migrate(serverSchema)
  const key = await readAuditKey(database, sealer)
  const report = { chains: 0, entries: 0, breaks: [] as AuditBreak[], heads: [] as AuditHead[] }
  // Without its key there is no log: any entries that exist anyway fail their hash.
  const start = (clientId: string) => new ChainReader(clientId, key ?? new Uint8Array(32), known.get(clientId) ?? [])
  const unseen = new Set(known.keys())
  const finish = (chain: ChainReader) => {
    unseen.delete(chain.clientId)
    report.entries += chain.sequence
    if (chain.sequence > 0) report.chains += 1
    if (chain.broken !== undefined) report.breaks.push(chain.broken)
    else if (chain.sequence > 0) report.heads.push(chain.head)
  }

  for (let after: string | undefined; ;) {
    const page = await inSnapshot(database, (tx) => readPage(tx, after, start))
    page.forEach(finish)
    after = page.at(-1)?.clientId
    if (after === undefined) break
  }
  for (const clientId of unseen) finish(ended(start(clientId)))
  if (key !== undefined && !(await hasLogStart(database))) report.breaks.push(WITHOUT_START)
  return { ...report, epoch: await readEpoch(database) }
}

/** The rows of each client's devices, by id. */
type Devices = ReadonlyMap<ChainReader, Map<string, StoredDevice>>

/** Verifies the next clients' chains against their sets. @returns an empty list at the end */
async function readPage(
  tx: Queryable,
  after: string | undefined,
  start: (clientId: string) => ChainReader,
): Promise<ChainReader[]> {
  return verifyChains(tx, await readClients(tx, after), start)
}

/**
 * Verifies the chain of one client against its sets, in the caller's transaction.
 *
 * @param key of the log; secret
 * @returns the first break
 */
export async function verifyChain(tx: Queryable, clientId: string, key: Uint8Array): Promise<AuditBreak | undefined> {
  const [chain] = await verifyChains(tx, [clientId], () => new ChainReader(clientId, key, []))
  return chain?.broken
}

/** Verifies chains of clients, in the order of the database, against their sets. */
async function verifyChains(
  tx: Queryable,
  clientIds: readonly string[],
  start: (clientId: string) => ChainReader,
): Promise<ChainReader[]> {
  const chains = new Map(clientIds.map((clientId) => [clientId, start(clientId)]))
  const [first, last] = [clientIds[0], clientIds.at(-1)]
  if (first === undefined || last === undefined) return []
  const range: ClientRange = { first, last }
  const chainOf = ({ clientId }: { readonly clientId: string }) => chains.get(clientId) as ChainReader
  for await (const entry of readEntries(tx, range)) chainOf(entry).read(entry)
  const stored = new Map((await readHeads(tx, range)).map((head) => [head.clientId, head]))
  for (const chain of chains.values()) chain.end(headOf(stored.get(chain.clientId)))
  const epoch = await readEpoch(tx)
  const devices: Devices = new Map([...chains.values()].map((chain) => [chain, new Map<string, StoredDevice>()]))
  for (const device of await readDevices(tx, range)) {
    const chain = chains.get(device.clientId)
    if (chain !== undefined) devices.get(chain)?.set(device.device, device)
  }
  compareDevices(chains.values(), devices)
  for (const chain of chains.values()) requireRetired(chain)
  for (const set of await readSets(tx, range)) {
    const chain = chainOf(set)
    requireSetOfDevice(chain, set, devices)
    compareSet(chain, set, epoch)
  }
  const away = await readAway(tx, range)
  for (const chain of chains.values()) {
    if (chain.departed) {
      // A chain cut there has sets and devices that nothing is said of.
      if (!away.has(chain.clientId)) chain.break('DISAGREES', 0, 'the client has left in the log only')
      continue
    }
    for (const setId of chain.sets.keys()) chain.break('DISAGREES', 0, `set ${setId} is in the log only`)
  }
  return [...chains.values()]
}

/** Compares the devices with the logs: a revoked device stays revoked, and rows are never deleted. */
function compareDevices(chains: Iterable<ChainReader>, stored: Devices): void {
  for (const chain of chains) {
    for (const [device, revoked] of chain.devices) {
      const row = stored.get(chain)?.get(device)
      if (row === undefined) {
        if (!chain.departed) chain.break('DISAGREES', 0, `device ${device} is in the log only`)
      } else if (revoked && row.revokedAt === null) {
        chain.break('DISAGREES', 0, `device ${device} is revoked in the log only`)
      }
    }
  }
}

/** The sets that a set replaces are retired with its proof, in the same transaction. */
function requireRetired(chain: ChainReader): void {
  for (const [setId, { proven, replaces }] of chain.sets) {
    if (!proven) continue
    const left = replaces.find((old) => chain.sets.get(old)?.state === 'ACTIVE')
    if (left !== undefined) chain.break('DISAGREES', 0, `set ${left} has not retired, which set ${setId} has replaced`)
  }
}

/** A revoked device has no active set, except while its revocation is not finished. */
function requireSetOfDevice(chain: ChainReader, set: StoredSet, stored: Devices): void {
  const { device, purpose, state } = set
  if (device === null || purpose !== 'signing' || state !== 'ACTIVE') return
  const isEnding = stored.get(chain)?.get(device)?.revoker !== null
  if (chain.devices.get(device) !== true || isEnding) return
  chain.break('DISAGREES', 0, `set ${set.setId} is ACTIVE, and its device was revoked`)
}

/** Compares a set with its history in the client's chain, and drops the history. */
function compareSet(chain: ChainReader, set: StoredSet, epoch: number): void {
  const { setId } = set
  const history = chain.sets.get(setId)
  chain.sets.delete(setId)
  if (history?.state === undefined) chain.break('UNLOGGED', 0, `set ${setId} is not in the log`)
  else {
    const disagreement = findDisagreement(history, set, epoch)
    if (disagreement !== undefined) chain.break('DISAGREES', 0, `set ${setId} ${disagreement}`)
  }
}

/** Runs reads in one snapshot, which concurrent writes do not make fail. */
function inSnapshot<T>(database: Database, read: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    return read(tx)
  })
}

function byClient(heads: readonly AuditHead[]): Map<string, AuditHead[]> {
  assertHeads(heads)
  const known = new Map<string, AuditHead[]>()
  for (const head of heads) known.set(head.clientId, [...(known.get(head.clientId) ?? []), head])
  return known
}

function headOf(stored: StoredHead | undefined): AuditHead | undefined {
  return stored && { ...stored, hash: toHex(stored.hash) }
}

function ended(chain: ChainReader): ChainReader {
  chain.end(undefined)
  return chain
}

const WITHOUT_START: AuditBreak = {
  clientId: SERVER_CHAIN,
  sequence: 1,
  reason: 'MISSING',
  message: 'the first entry of the log is not there',
}

/** Whether the server's chain begins with the entry that was written with the key of the log. */
async function hasLogStart(database: Database): Promise<boolean> {
  const rows = await database.query(
    `select 1 from reshare_audit where client_id = $1 and sequence = 1 and event = 'logStarted'`,
    [SERVER_CHAIN],
  )
  return rows.length > 0
}
