import { sha256 } from '@noble/hashes/sha2.js'
import { exportTerms, requireAuthorization, type ChallengeAnswer, type ShareAnswer } from '../api/export.ts'
import { setParties } from '../api/slots.ts'
import { getGroup } from '../curve/index.ts'
import { MpcError } from '../errors.ts'
import { releaseShare } from '../protocol/export/index.ts'
import { newChallenge } from '../protocol/possession/index.ts'
import { decodeWalletShares, wipeKeyShare, type KeyShare, type WalletShares } from '../share/index.ts'
import type { Database, Queryable, Row } from '../server/database/types.ts'
import type { Curve } from '../types.ts'
import { equalBytes, fromHex, toHex } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import type { Halves } from './halves.ts'
import type { ChallengeBody, ShareBody } from './requests.ts'
import type { AuthorizeExport, CustodianUser } from './types.ts'
import { notAuthorized } from './users.ts'

/** How long a challenge may be answered. */
const CHALLENGE_MS = 5 * 60_000

/**
 * Hands the custodian's half of one curve to the user who proves to hold the other: for when the signing server is gone or
 * refuses. Both calls are harmless to repeat.
 */
export interface Exports {
  /**
   * Begins an export: whether it may be is asked here, once.
   *
   * @throws {AUTH_FAILED} if the user's client has no half of this set
   * @throws {POLICY_DENIED} unless the app allows it
   */
  challenge(user: CustodianUser, exportId: string, body: ChallengeBody): Promise<ChallengeAnswer>
  /**
   * Ends it. A challenge is used up by the first proof that comes, right or wrong.
   *
   * @throws {AUTH_FAILED} if the half is gone
   * @throws {PROTOCOL_ABORTED} if the proof is wrong, or nothing waits for it
   */
  share(user: CustodianUser, exportId: string, body: ShareBody): Promise<ShareAnswer>
}

interface ExportRow {
  readonly setId: string
  readonly curve: Curve
  readonly receiver: string
  readonly challenge: Uint8Array
}

export function createExports(options: {
  readonly database: Database
  readonly halves: Halves
  readonly authorizeExport: AuthorizeExport | undefined
  readonly onError: (error: unknown) => void
  readonly now: () => number
  readonly random: RandomSource
}): Exports {
  const { database, halves, authorizeExport, onError, now, random } = options

  return {
    async challenge(user, exportId, { setId, curve, authorization, receiver }) {
      const { clientId } = user
      const asked = { setId, curve, receiver }
      const begun = await findOpen(database, clientId, exportId, new Date(now()))
      if (begun !== undefined) return answerAgain(begun, asked)
      if (!(await halves.has(clientId, setId))) throw notAuthorized()
      const ask = authorizeExport && (() => authorizeExport(user, { setId, curve, authorization }))
      await requireAuthorization(ask, onError)
      return database.transaction(async (tx) => {
        await tx.query('delete from reshare_custodian_exports where expires_at <= $1', [new Date(now())])
        await tx.query(
          `insert into reshare_custodian_exports (client_id, export_id, set_id, curve, receiver, challenge, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7) on conflict (client_id, export_id) do nothing`,
          [clientId, exportId, setId, curve, receiver, newChallenge(random), new Date(now() + CHALLENGE_MS)],
        )
        const row = await findOpen(tx, clientId, exportId, new Date(now()))
        if (row === undefined) throw over()
        return answerAgain(row, asked)
      })
    },

    async share({ clientId }, exportId, { proof }) {
      const proofHash = sha256(fromHex(proof))
      const claimed = await claim(database, clientId, exportId, proofHash, new Date(now()))
      if (claimed === undefined) return findAnswer(database, clientId, exportId, proofHash, new Date(now()))
      const { setId } = claimed
      const sealed = await halves.open(clientId, setId, (encoded) => release(encoded, claimed, exportId, proof, random))
      return database.transaction(async (tx) => {
        if (!(await halves.markExported(tx, clientId, setId))) throw notAuthorized()
        await tx.query('update reshare_custodian_exports set sealed = $3 where client_id = $1 and export_id = $2', [
          clientId,
          exportId,
          sealed,
        ])
        return { sealed: toHex(sealed) }
      })
    },
  }
}

/** An export whose challenge nothing has answered yet. */
async function findOpen(db: Queryable, clientId: string, exportId: string, now: Date): Promise<ExportRow | undefined> {
  const [row] = await db.query(
    `select * from reshare_custodian_exports
     where client_id = $1 and export_id = $2 and proof_hash is null and expires_at > $3`,
    [clientId, exportId, now],
  )
  return row && exportRow(row)
}

function answerAgain(row: ExportRow, asked: Omit<ExportRow, 'challenge'>): ChallengeAnswer {
  const same = row.setId === asked.setId && row.curve === asked.curve && row.receiver === asked.receiver
  if (!same) throw new MpcError('PROTOCOL_ABORTED', 'this export was begun with another request')
  return { challenge: toHex(row.challenge) }
}

/** Uses a challenge up, by compare-and-set: what follows happens once, and not again after a failure. */
async function claim(
  db: Queryable,
  clientId: string,
  exportId: string,
  proofHash: Uint8Array,
  now: Date,
): Promise<ExportRow | undefined> {
  const [row] = await db.query(
    `update reshare_custodian_exports set proof_hash = $3
     where client_id = $1 and export_id = $2 and proof_hash is null and expires_at > $4 returning *`,
    [clientId, exportId, proofHash, now],
  )
  return row && exportRow(row)
}

/** The stored answer to the same proof. */
async function findAnswer(
  db: Queryable,
  clientId: string,
  exportId: string,
  proofHash: Uint8Array,
  now: Date,
): Promise<ShareAnswer> {
  const [row] = await db.query(
    `select proof_hash, sealed from reshare_custodian_exports
     where client_id = $1 and export_id = $2 and sealed is not null and expires_at > $3`,
    [clientId, exportId, now],
  )
  if (row === undefined || !equalBytes(row['proof_hash'] as Uint8Array, proofHash)) throw over()
  return { sealed: toHex(row['sealed'] as Uint8Array) }
}

function exportRow(row: Row): ExportRow {
  return {
    setId: row['set_id'] as string,
    curve: row['curve'] as Curve,
    receiver: row['receiver'] as string,
    challenge: row['challenge'] as Uint8Array,
  }
}

function release(
  encoded: readonly Uint8Array[],
  { setId, curve, receiver, challenge }: ExportRow,
  exportId: string,
  proof: string,
  random: RandomSource,
): Uint8Array {
  const half = custodianHalf(encoded, setId)
  try {
    const share = half.shares.find(({ record }) => record.curve === curve) as KeyShare
    const terms = exportTerms(getGroup(curve), share.record, exportId, fromHex(receiver))
    return releaseShare(terms, { share, challenge, proof: fromHex(proof), random })
  } finally {
    half.shares.forEach(wipeKeyShare)
  }
}

/** The custodian's half of the set. What the signing server has stored under its name may be something else. */
function custodianHalf(encoded: readonly Uint8Array[], setId: string): WalletShares {
  const holder = setParties('backup')[1]!.id
  for (const bytes of encoded) {
    const half = decodeIfValid(bytes)
    if (half === undefined) continue
    const ours = half.purpose === 'backup' && half.shares.every(({ id }) => id === holder)
    if (ours && toHex(half.setId) === setId) return half
    half.shares.forEach(wipeKeyShare)
  }
  throw new MpcError('SHARE_PARSING_FAILED', 'what is stored is no half of this backup')
}

function decodeIfValid(bytes: Uint8Array): WalletShares | undefined {
  try {
    return decodeWalletShares(getGroup, bytes)
  } catch (error) {
    if (error instanceof MpcError && error.code === 'SHARE_PARSING_FAILED') return undefined
    throw error
  }
}

function over(): MpcError {
  return new MpcError('PROTOCOL_ABORTED', 'no challenge waits for this proof; begin the export again')
}
