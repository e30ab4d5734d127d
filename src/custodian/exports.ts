import { sha256 } from '@noble/hashes/sha2.js'
import { exportTerms, requireAuthorization, type ChallengeAnswer, type ShareAnswer } from '../api/export.ts'
import { setParties } from '../api/slots.ts'
import { getGroup } from '../curve/index.ts'
import { MpcError } from '../errors.ts'
import { releaseShare } from '../protocol/export/index.ts'
import { newChallenge } from '../protocol/possession/index.ts'
import { decodeWalletShares, wipeKeyShare, type KeyShare, type WalletShares } from '../share/index.ts'
import type { Database } from '../server/database/types.ts'
import { fromHex, toHex } from '../util/bytes.ts'
import type { RandomSource } from '../util/random.ts'
import { createExportRows, type BegunExport } from './export-rows.ts'
import type { Halves } from './halves.ts'
import type { ChallengeBody, ShareBody } from './requests.ts'
import type { AuthorizeExport, CustodianUser } from './types.ts'
import { notAuthorized } from './users.ts'

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
   * @throws {PROTOCOL_ABORTED} if an export of this id was begun with another request, or is over
   */
  challenge(user: CustodianUser, exportId: string, body: ChallengeBody): Promise<ChallengeAnswer>
  /**
   * Ends it. A challenge is used up by the first proof that comes, right or wrong.
   *
   * @throws {AUTH_FAILED} if the half is gone
   * @throws {PROTOCOL_ABORTED} if the proof is wrong, or nothing waits for it
   * @throws {SHARE_PARSING_FAILED} if what is stored is no half of this set
   */
  share(user: CustodianUser, exportId: string, body: ShareBody): Promise<ShareAnswer>
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
  const rows = createExportRows({ database, now })
  return {
    async challenge(user, exportId, { setId, curve, authorization, receiver }) {
      const { clientId } = user
      const key = { clientId, exportId }
      const asked = { setId, curve, receiver }
      const begun = await rows.find(key)
      if (begun !== undefined) return answerAgain(begun, asked)
      if (!(await halves.has(clientId, setId))) throw notAuthorized()
      const ask = authorizeExport && (() => authorizeExport(user, { setId, curve, authorization }))
      await requireAuthorization(ask, onError)
      return answerAgain(await rows.add(key, { ...asked, challenge: newChallenge(random) }), asked)
    },

    async share({ clientId }, exportId, { proof: hex }) {
      const key = { clientId, exportId }
      const proof = fromHex(hex)
      const proofHash = sha256(proof)
      const begun = await rows.claim(key, proofHash)
      if (begun === undefined) {
        const sealed = await rows.findAnswer(key, proofHash)
        if (sealed === undefined) throw over()
        return { sealed: toHex(sealed) }
      }
      const { setId } = begun
      const sealed = await halves.open(clientId, setId, (encoded) => release(encoded, begun, exportId, proof, random))
      await database.transaction(async (tx) => {
        if (!(await halves.markExported(tx, clientId, setId))) throw notAuthorized()
        await rows.answer(tx, key, sealed)
      })
      return { sealed: toHex(sealed) }
    },
  }
}

function answerAgain(begun: BegunExport | undefined, asked: Omit<BegunExport, 'challenge'>): ChallengeAnswer {
  const { setId, curve, receiver } = asked
  if (begun?.setId !== setId || begun.curve !== curve || begun.receiver !== receiver) throw over()
  return { challenge: toHex(begun.challenge) }
}

function release(
  encoded: readonly Uint8Array[],
  { setId, curve, receiver, challenge }: BegunExport,
  exportId: string,
  proof: Uint8Array,
  random: RandomSource,
): Uint8Array {
  if (encoded.length === 0) throw notAuthorized()
  const half = custodianHalf(encoded, setId)
  try {
    const share = half.shares.find(({ record }) => record.curve === curve) as KeyShare
    const terms = exportTerms(getGroup(curve), share.record, exportId, fromHex(receiver))
    return releaseShare(terms, { share, challenge, proof, random })
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
  return new MpcError('PROTOCOL_ABORTED', 'no challenge waits for this: begin another export')
}
