import { WALLETS_PER_PAGE, type WalletBackup, type WalletPage, type WalletStatus } from '../../wire/wallets.ts'
import { isWalletId } from '../../wire/ids.ts'
import { getGroup } from '../../curve/index.ts'
import { decodeWalletSetRecord } from '../../key-share/index.ts'
import { bytes, nullable, pick, rowDecoder, text, time } from '../../service/database/rows.ts'
import type { Row } from '../../service/database/types.ts'
import { BadRequest } from '../../service/http.ts'
import type { Curve } from '../../types.ts'
import { toHex } from '../../util/bytes.ts'
import { askPolicy, callerFields } from '../access/policy.ts'
import type { Caller } from '../access/caller.ts'
import type { ServerContext } from '../context.ts'
import { tables } from '../tables.ts'
import { LISTED, listedSet, setStatus } from './sets-table.ts'

/** Which page of the wallets is asked for. */
export interface WalletQuery {
  /** What the page begins after. */
  readonly after: WalletCursor
  /** How many wallets the page has at most. */
  readonly limit: number
}

/** A place in the order of the list: that of a wallet. */
export interface WalletCursor {
  readonly createdAt: Date
  readonly walletId: string
}

/** Before every wallet. */
const START: WalletCursor = { createdAt: new Date(0), walletId: '' }

const readWallet = rowDecoder({
  of_wallet: text,
  wallet_created_at: time,
  wallet_imported_at: nullable(time),
  wallet_record: nullable(bytes),
  wallet_exported_at: nullable(time),
  set_id: nullable(text),
})
const readConfirmed = rowDecoder(pick(tables.reshare_sets, 'confirmed_at'))

/** One row for each set in use, or one for a wallet that has none. The index of each part is in `schema.ts`. */
const PAGE_OF_WALLETS = `
  select page.wallet_id as of_wallet, page.created_at as wallet_created_at,
    page.imported_at as wallet_imported_at, made.record as wallet_record,
    exported.at as wallet_exported_at, used.*
  from (select wallet_id, created_at, imported_at from reshare_wallets
        where client_id = $1 and (created_at, wallet_id) > ($2::timestamptz, $3::text)
        order by created_at, wallet_id limit $4) page
    left join lateral (select record from reshare_sets
      where client_id = $1 and wallet_id = page.wallet_id and committed_at is not null
      order by ordinal limit 1) made on true
    left join lateral (select min(exported_at) as at from reshare_sets
      where client_id = $1 and wallet_id = page.wallet_id and exported_at is not null) exported on true
    left join lateral (select ${LISTED}, confirmed_at, ordinal from reshare_sets
      where client_id = $1 and wallet_id = page.wallet_id and state not in ('ABORTED', 'DESTROYED')
        and committed_at is not null) used on true
  order by page.created_at, page.wallet_id, used.ordinal`

/**
 * Finds the wallets of a client, oldest first, each with its public keys and the sets that are in use. The policy is asked,
 * unlike for other lists: no other request tells which keys a client has.
 *
 * @throws {POLICY_DENIED} if the policy does not allow it
 */
export async function findWallets(
  context: ServerContext,
  caller: Caller,
  { after, limit }: WalletQuery,
): Promise<WalletPage> {
  await askPolicy(context, { ...callerFields(caller), action: 'find' })
  const parameters = [caller.clientId, after.createdAt, after.walletId, limit + 1]
  const found = new Map<string, Row[]>()
  for (const row of await context.database.query(PAGE_OF_WALLETS, parameters)) {
    const { ofWallet } = readWallet(row)
    const rows = found.get(ofWallet)
    if (rows === undefined) found.set(ofWallet, [row])
    else rows.push(row)
  }
  const listed = [...found.values()].slice(0, limit)
  const last = listed.at(-1)
  return {
    wallets: listed.map(walletStatus),
    next: found.size > limit && last !== undefined ? encodeCursor(readWallet(last[0])) : null,
  }
}

function walletStatus(rows: readonly Row[]): WalletStatus {
  const { ofWallet, walletCreatedAt, walletRecord, walletExportedAt, walletImportedAt } = readWallet(rows[0])
  if (walletRecord === null) throw new Error(`wallet ${ofWallet} has no set`)
  const sets = rows.filter((row) => readWallet(row).setId !== null)
  const isSigning = (row: Row) => listedSet(row).purpose === 'signing'
  return {
    walletId: ofWallet,
    publicKeys: publicKeysIn(walletRecord),
    createdAt: walletCreatedAt.toISOString(),
    exportedAt: walletExportedAt?.toISOString() ?? null,
    importedAt: walletImportedAt?.toISOString() ?? null,
    signingSets: sets.filter(isSigning).map((row) => setStatus(listedSet(row))),
    backups: sets.filter((row) => !isSigning(row)).map(walletBackup),
  }
}

function walletBackup(row: Row): WalletBackup {
  const { setId, backupMethod, createdAt } = listedSet(row)
  if (backupMethod === null) throw new Error(`backup set ${setId} has no method`)
  const confirmedAt = readConfirmed(row).confirmedAt?.toISOString() ?? null
  return { setId, method: backupMethod, createdAt: createdAt.toISOString(), confirmedAt }
}

/** The keys in hex by curve. Every set of a wallet has the same. */
function publicKeysIn(record: Uint8Array): WalletStatus['publicKeys'] {
  const { records } = decodeWalletSetRecord(getGroup, record)
  const keys = records.map(({ curve, publicKey }) => [curve, toHex(getGroup(curve).encodePoint(publicKey))] as const)
  return Object.fromEntries(keys) as Record<Curve, string>
}

function encodeCursor({ walletCreatedAt, ofWallet }: ReturnType<typeof readWallet>): string {
  return `${walletCreatedAt.getTime()}-${ofWallet}`
}

/**
 * The query of `GET /v1/wallets`.
 *
 * @throws {BadRequest} unless `limit` is a number of wallets and `after` the `next` of a page
 */
export function parseWalletQuery({ after, limit }: Record<string, string>): WalletQuery {
  return { after: parseCursor(after), limit: parseLimit(limit) }
}

function parseLimit(limit: string | undefined): number {
  if (limit === undefined) return WALLETS_PER_PAGE
  const isNumber = /^[1-9][0-9]?$/.test(limit)
  if (!isNumber || Number(limit) > WALLETS_PER_PAGE) {
    throw new BadRequest(`limit must be a whole number from 1 to ${WALLETS_PER_PAGE}`)
  }
  return Number(limit)
}

function parseCursor(after: string | undefined): WalletCursor {
  if (after === undefined) return START
  const [, time, walletId] = /^(0|[1-9][0-9]{0,12})-([0-9a-f]+)$/.exec(after) ?? []
  if (time === undefined || !isWalletId(walletId)) throw new BadRequest('after must be the next of a page')
  return { createdAt: new Date(Number(time)), walletId }
}
