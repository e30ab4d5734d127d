import type { SignatureSource, SignEcdsaRequest } from '../api/operations.ts'
import { keyAtPath, publicKeyAtPath, requestDigest } from '../api/signing.ts'
import { setParties } from '../api/slots.ts'
import { MpcError, isMpcError } from '../errors.ts'
import type { OtPair } from '../protocol/ecdsa/ot-pair.ts'
import { aggregateShares, type Presignature } from '../protocol/ecdsa/presignature.ts'
import { bindPair } from '../protocol/ecdsa/setup.ts'
import { createEcdsaSigning } from '../protocol/ecdsa/sign.ts'
import { type EcdsaSignature as RawSignature, encodeSignature } from '../protocol/ecdsa/signature.ts'
import type { EcdsaOptions } from '../protocol/ecdsa/signing-setup.ts'
import type { WalletShares } from '../share/types.ts'
import { toHex } from '../util/bytes.ts'
import { afterSetUp } from './after-set-up.ts'
import { parseResult } from './answers.ts'
import { postRound } from './calls.ts'
import type { Deadline } from './deadline.ts'
import { expectUsed } from './expect-set.ts'
import { readPair } from './pair-store.ts'
import { newOperationId, runOperation } from './runner.ts'
import { otSetup, setUpRole } from './sessions.ts'
import type { Client, EcdsaSignature } from './types.ts'
import { usePair } from './use-pair.ts'
import { shareOn } from './wallet-shares.ts'

/** What is signed, by which key; everything of the request but what the signature is made with. */
type EcdsaStatement = Omit<SignEcdsaRequest, 'source'>

/**
 * A threshold ECDSA signature: by a presignature if there is one, else by the set-up of the set; with a set-up of its own
 * where that is poisoned and the client was made so.
 *
 * @throws {OT_POISONED} if the server was caught cheating in this set, or says so of this device
 * @throws {RangeError} for a path that leads to no key (one in 2^127)
 */
export async function signEcdsa(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  statement: EcdsaStatement,
): Promise<EcdsaSignature> {
  const quick = await signByPresignature(client, deadline, shares, statement)
  if (quick !== undefined) return quick
  try {
    return await signBySetUp(client, deadline, shares, statement)
  } catch (error) {
    const poisoned = isMpcError(error, 'OT_POISONED')
    if (!poisoned || client.afterCheat === 'refuse') throw error
  }
  return signByFreshSetUp(client, deadline, shares, statement)
}

/** The options of a session for the key at a path, pairs left out. */
export function ecdsaOptions(client: Client, shares: WalletShares, path: string): Omit<EcdsaOptions, 'pairs'> {
  const share = shareOn(shares, 'secp256k1')
  const backend = client.ecdsa()
  const derivation = keyAtPath(backend.group, share.record, path)
  const signers = setParties('signing').map(({ id }) => id)
  return { backend, share, signers, random: client.random, ...(derivation && { derivation }) }
}

function signingSession(client: Client, shares: WalletShares, statement: EcdsaStatement, pair: OtPair) {
  const options = ecdsaOptions(client, shares, statement.path)
  const aggregator = options.share.id
  return createEcdsaSigning({ ...options, pairs: [pair], aggregator, digest: requestDigest(statement) })
}

async function signBySetUp(client: Client, deadline: Deadline, shares: WalletShares, statement: EcdsaStatement) {
  return usePair(client, deadline, shares, async (pair, guard) => {
    const { result, results } = await runOperation(client, deadline, {
      operationId: newOperationId(client),
      request: { ...statement, source: { kind: 'setUp' } },
      sessions: [signingSession(client, shares, statement, pair)],
      guard,
    })
    expectUsed(result, statement.setId)
    return toSignature(client, shares, statement, results[0]!.signature!)
  })
}

/** Protocols §6 "Ban rule": each signature has a Δ of its own, so that what a cheat learns of one is worth nothing. */
async function signByFreshSetUp(client: Client, deadline: Deadline, shares: WalletShares, statement: EcdsaStatement) {
  const request: SignEcdsaRequest = { ...statement, source: { kind: 'freshSetUp', ...setUpRole(client) } }
  const operationId = newOperationId(client)
  let pair: OtPair | undefined
  try {
    const session = afterSetUp(otSetup(client, operationId, request, shares), (setUp) => {
      pair = bindPair(setUp, shareOn(shares, 'secp256k1').record.setId)
      return signingSession(client, shares, statement, pair)
    })
    const { result, results } = await runOperation(client, deadline, { operationId, request, sessions: [session] })
    expectUsed(result, statement.setId)
    return toSignature(client, shares, statement, results[0]!.signature!)
  } finally {
    pair?.dispose()
  }
}

/** @returns undefined if there is no presignature that can be used */
async function signByPresignature(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  statement: EcdsaStatement,
): Promise<EcdsaSignature | undefined> {
  if (client.presignatures.count(statement.setId, statement.path) === 0) return undefined
  const stored = await readPair(client, shares)
  stored?.pair.dispose()
  if (stored === undefined || stored.pair.cheat !== undefined) {
    client.presignatures.drop(statement.setId)
    return undefined
  }
  // Out of the pool before anything is sent: whatever happens now, it is not used again.
  const presignature = client.presignatures.take(statement.setId, statement.path, stored.pair.digest)
  if (presignature === undefined) return undefined
  try {
    return await spend(client, deadline, shares, statement, presignature)
  } catch (error) {
    // The server has dropped its part: after a restart, or to make room.
    if (isMpcError(error, 'STORAGE_CONFLICT')) return undefined
    throw error
  } finally {
    presignature.dispose()
  }
}

async function spend(
  client: Client,
  deadline: Deadline,
  shares: WalletShares,
  statement: EcdsaStatement,
  presignature: Presignature,
): Promise<EcdsaSignature> {
  const source: SignatureSource = { kind: 'presignature', id: toHex(presignature.id) }
  const request: SignEcdsaRequest = { ...statement, source }
  const { header, parcels } = await postRound(client, deadline, newOperationId(client), 1, {
    header: request,
    parcels: [],
  })
  expectUsed(parseResult(header), statement.setId)
  const { group } = client.ecdsa()
  const [own, server] = presignature.signers
  const digest = requestDigest(statement)
  const theirs = parcels.find(({ slot }) => slot === 0)?.envelope ?? new Uint8Array(0)
  const { record } = shareOn(shares, 'secp256k1')
  const publicKey = publicKeyAtPath(group, record, statement.path)
  const { incarnation } = client.presignatures
  const ours = presignature.spend(group, digest, { setId: record.setId, publicKey, incarnation })
  const sharesById = new Map([
    [own!, ours],
    [server!, theirs],
  ])
  return toSignature(client, shares, statement, aggregateShares(group, presignature, digest, sharesById))
}

function toSignature(
  client: Client,
  shares: WalletShares,
  { path, setId }: EcdsaStatement,
  raw: RawSignature,
): EcdsaSignature {
  const { recovery } = raw
  // R's x exceeds n once in 2^127: chains have no way to say so.
  if (recovery !== 0 && recovery !== 1) {
    throw new MpcError('PROTOCOL_ABORTED', 'the signature has no recovery id of one bit; sign again', {
      retryable: true,
    })
  }
  const publicKey = publicKeyAtPath(client.ecdsa().group, shareOn(shares, 'secp256k1').record, path)
  return { signature: encodeSignature(raw), recovery, publicKey, setId }
}
