import { sha256 } from '../../symmetric/sha256.ts'
import { requireCountedAuthorization } from '../../service/export-authorization.ts'
import { exportTerms, requireAuthorization, type ChallengeResponse, type ShareResponse } from '../../wire/export.ts'
import { askHook } from '../../service/hooks.ts'
import { createRateCounts, type Subject } from '../../service/rate-counts.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { getGroup } from '../../curve/index.ts'
import { MpcError, isProtocolError, isMpcError } from '../../errors.ts'
import { releaseShare } from '../../protocol/export/index.ts'
import { newChallenge } from '../../protocol/possession/index.ts'
import { decodeWalletShares, wipeKeyShare, type KeyShare, type WalletShares } from '../../key-share/index.ts'
import type { Database } from '../../service/database/types.ts'
import { fromHex, toHex } from '../../util/bytes.ts'
import type { RandomSource } from '../../util/random.ts'
import { createExportRows, type StartedExport, type LiveExport } from './exports-table.ts'
import type { CustodianShares } from './shares.ts'
import type { CustodianLimits } from './limits.ts'
import type { ChallengeBody, ShareBody } from './requests.ts'
import type { AuthorizeBackupExport, BackupExportAuthorization, CustodianUser } from '../types.ts'
import { notAuthorized } from '../../service/not-authorized.ts'

/**
 * Releases the custodian share of one curve to a user who proves possession of the client share, for when the signing
 * server is gone or refuses. Both calls are idempotent.
 */
export interface Exports {
  /**
   * Starts an export. `authorizeExport` is called here, once.
   *
   * @throws {AUTH_FAILED} if no custodian share of this set is stored for the user's client
   * @throws {POLICY_DENIED} unless the app allows it
   * @throws {RATE_LIMITED} if the user has started too many, or is locked out
   * @throws {PROTOCOL_ABORTED} if an export with this id was started with another request, is over, or was denied
   */
  challenge(user: CustodianUser, exportId: string, body: ChallengeBody): Promise<ChallengeResponse>
  /**
   * Finishes an export, even during a lockout. The first proof, valid or not, uses up the challenge.
   *
   * @throws {AUTH_FAILED} if the custodian share was deleted
   * @throws {PROTOCOL_ABORTED} if the proof is invalid, or no challenge is pending
   * @throws {SHARE_PARSING_FAILED} if what is stored is not a custodian share of this set
   */
  share(user: CustodianUser, exportId: string, body: ShareBody): Promise<ShareResponse>
  /** Deletes expired exports and counts. */
  sweep(): Promise<void>
}

export function createExports(options: {
  readonly database: Database
  readonly shares: CustodianShares
  readonly authorizeExport: AuthorizeBackupExport | undefined
  readonly limits: CustodianLimits
  readonly onError: (error: unknown) => void
  readonly now: () => number
  readonly random: RandomSource
}): Exports {
  const { database, shares, authorizeExport, limits, onError, now, random } = options
  const rows = createExportRows({ database, now })
  const { rates, lockOut } = limits
  const counts = createRateCounts<'export'>({ table: 'reshare_custodian_rates', database, now, rates, lockOut })

  const authorize = async (
    user: CustodianUser,
    request: BackupExportAuthorization,
    deny: () => Promise<void>,
  ): Promise<void> => {
    if (authorizeExport === undefined) return requireAuthorization(undefined, onError)
    const { clientId } = user
    const charged = { subject: ofSet(clientId, request.setId), kind: 'export' } as const
    const reserve = () => counts.reserveFailure(charged, failureSubjects(clientId, request.setId))
    // If the number of attempts is unlimited, denied exports are not stored.
    const isBounded = lockOut !== null || rates.export !== null
    const onDenied = async () => (isBounded ? deny() : undefined)
    const ask = () => askHook('authorizeExport', limits.hookMs, (hook) => authorizeExport({ ...user }, request, hook))
    await requireCountedAuthorization(reserve, ask, onError, onDenied)
  }

  const recordFailure = async (clientId: string, setId: string): Promise<void> => {
    await database.transaction((tx) => counts.recordFailure(tx, [ofSet(clientId, setId)]))
  }

  return {
    async challenge(user, exportId, { setId, curve, authorization, receiver }) {
      const { clientId } = user
      const key = { clientId, exportId }
      const requested = { setId, curve, receiver }
      const started = await rows.find(key)
      if (started !== undefined) return challengeResponse(started, requested)
      if (!(await shares.has(database, clientId, setId))) throw notAuthorized()
      await counts.requireUnlocked(failureSubjects(clientId, setId))
      await authorize(user, { setId, curve, authorization }, () => rows.addDenied(key, requested))
      const added = { ...requested, challenge: newChallenge(random, fromHex(exportId)) }
      return challengeResponse(await rows.add(key, added), requested)
    },

    async share({ clientId }, exportId, { proof: hex }) {
      const key = { clientId, exportId }
      const proof = fromHex(hex)
      const proofHash = sha256(proof)
      const started = await rows.useChallenge(key, proofHash)
      if (started === undefined) {
        const sealed = await rows.findResponse(key, proofHash)
        if (sealed === undefined) throw noChallenge()
        return { sealed: toHex(sealed) }
      }
      const { setId } = started
      const release = (encoded: readonly Uint8Array[]) => releaseShareOf(encoded, started, exportId, { proof, random })
      const sealed = await shares.open(clientId, setId, release).catch(async (error: unknown) => {
        if (isProtocolError(error)) await recordFailure(clientId, setId).catch(onError)
        throw error
      })
      await database.transaction(async (tx) => {
        if (!(await shares.markExported(tx, clientId, setId))) throw notAuthorized()
        await rows.storeResponse(tx, key, sealed)
      })
      return { sealed: toHex(sealed) }
    },

    async sweep() {
      // A failure of one does not stop the other.
      await rows.forget().finally(() => counts.forget())
    },
  }
}

function ofSet(clientId: string, setId: string): Subject {
  return { clientId, scope: `set ${setId}` }
}

/** The subjects of a denied authorization: the set, and the client, since one authorization may be valid for all sets. */
function failureSubjects(clientId: string, setId: string): Subject[] {
  return [ofSet(clientId, setId), { clientId, scope: '' }]
}

function challengeResponse(
  started: LiveExport | undefined,
  requested: Omit<StartedExport, 'challenge'>,
): ChallengeResponse {
  const { setId, curve, receiver } = requested
  if (
    started?.isPending !== true ||
    started.setId !== setId ||
    started.curve !== curve ||
    started.receiver !== receiver
  )
    throw noChallenge()
  return { challenge: toHex(started.challenge) }
}

function releaseShareOf(
  encoded: readonly Uint8Array[],
  { setId, curve, receiver, challenge }: StartedExport,
  exportId: string,
  { proof, random }: { readonly proof: Uint8Array; readonly random: RandomSource },
): Uint8Array {
  if (encoded.length === 0) throw notAuthorized()
  const walletShares = custodianShareOf(encoded, setId)
  try {
    const share = walletShares.shares.find(({ record }) => record.curve === curve) as KeyShare
    const terms = exportTerms(getGroup(curve), share.record, exportId, fromHex(receiver))
    return releaseShare(terms, { share, challenge, proof, random })
  } finally {
    walletShares.shares.forEach(wipeKeyShare)
  }
}

/** The custodian share of the set. The signing server may have stored something else under its id. */
function custodianShareOf(encoded: readonly Uint8Array[], setId: string): WalletShares {
  const holder = partiesOf('backup')[1]!.id
  for (const bytes of encoded) {
    const walletShares = decodeIfValid(bytes)
    if (walletShares === undefined) continue
    const isCustodianShare = walletShares.purpose === 'backup' && walletShares.shares.every(({ id }) => id === holder)
    if (isCustodianShare && toHex(walletShares.setId) === setId) return walletShares
    walletShares.shares.forEach(wipeKeyShare)
  }
  throw new MpcError('SHARE_PARSING_FAILED', 'what is stored is not a custodian share of this backup')
}

function decodeIfValid(bytes: Uint8Array): WalletShares | undefined {
  try {
    return decodeWalletShares(getGroup, bytes)
  } catch (error) {
    if (isMpcError(error, 'SHARE_PARSING_FAILED')) return undefined
    throw error
  }
}

function noChallenge(): MpcError {
  return new MpcError('PROTOCOL_ABORTED', 'no challenge is pending for this: start another export')
}
