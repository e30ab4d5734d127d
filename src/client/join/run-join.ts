import type { OperationId } from '../../wire/operations.ts'
import type { SessionMessage } from '../../wire/round-body.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { combineShares, validateKeyShare, wipeKeyShare } from '../../key-share/index.ts'
import type { WalletSetRecord, WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { withDeadline } from '../deadline.ts'
import { hasEcdsa } from '../ecdsa-client.ts'
import { isNetworkFailure, postRound } from '../operations/api-client.ts'
import { parseResult } from '../operations/parse-responses.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import type { ProgressReporter } from '../progress.ts'
import type { Call, PublicKeys, Wallet } from '../types.ts'
import { equalKeys, wipeShares } from '../wallet-shares.ts'
import { reconcileKnownWallet } from '../wallets/known-wallet.ts'
import { prepareSet } from '../wallets/prepare-set.ts'
import { proveSet } from '../wallets/prove-set.ts'
import { activateSet } from '../wallets/reconcile.ts'
import { deleteFirstSet, deletePreparedSet } from '../wallets/share-store.ts'
import { toWallet } from '../wallets/wallet-store.ts'
import type { DeviceChannel } from './device-channel.ts'
import { abortJoin, awaitRound, openMessage, receiveRound, roundMessages } from './join-rounds.ts'
import { createJoinSessions, type JoinSessions } from './join-sessions.ts'
import { offeredKeys, readOffer } from './offer.ts'

/** How long removing what was prepared may take; what is left then is removed at the next use. */
const DISCARD_TIMEOUT_MS = 5_000

/** The join of this device to a wallet. */
export interface Join extends Call {
  /** The id of the invitation. */
  readonly operationId: OperationId
  /** This device's end of the channel. The caller wipes it. */
  readonly channel: DeviceChannel
  /** The wallet that the app expects, if it does. */
  readonly expected: { readonly walletId: string | undefined; readonly publicKeys: PublicKeys | undefined }
  readonly progress: ProgressReporter
}

/** What this device has made: its share of the new set, and the messages of round 4, which say that it is stored. */
interface Made {
  readonly shares: WalletShares
  /** Whether this device knew the wallet before. */
  readonly wasKnown: boolean
  readonly confirmation: readonly SessionMessage[]
}

/**
 * Runs rounds 2 and 4 of a join on the joining device.
 *
 * If it fails before round 4 is sent, everything is undone on both sides. If it fails later, the server may or may not have
 * committed: what was prepared stays as it is, and {@link reconcileWallet} asks at the next use.
 */
export async function runJoin(join: Join): Promise<Wallet> {
  const { client, deadline, operationId } = join
  let made: Made | undefined
  let isDecidable = false
  client.operations.add(operationId)
  try {
    const { shares } = (made = await makeShares(join))
    const own = made
    // Nothing is waited for any more: what a process leaves that ends now is undecided for no longer than one action takes.
    return await withDeadline(client, { signal: deadline.signal }, async (deadline) => {
      const last = { ...join, deadline }
      await store(last, shares)
      isDecidable = true
      return finish(last, own)
    })
  } catch (error) {
    client.undecidedOperations.add(operationId)
    if (!isDecidable) await giveUp(join, made, error)
    throw error
  } finally {
    client.operations.delete(operationId)
    if (made !== undefined) wipeShares(made.shares)
  }
}

/** Waits to be invited, and makes this device's share of the new set. */
async function makeShares(join: Join): Promise<Made> {
  const { client, operationId, channel, progress } = join
  progress.begin('Waiting for the other device')
  const invited = await awaitRound(join, operationId, 1)
  const { header, messages } = await openMessage(channel, invited.sealed)
  const offered = readOffer(client, header)
  const wasKnown = await assertExpected(join, offered)
  const sessions = createJoinSessions(client, 'joining', offered.records)
  try {
    sessions.receive('server', invited.messages)
    sessions.receive('device', messages)
    sessions.advance()
    const hello = await roundMessages(channel, sessions)
    const response = await postRound(join, operationId, 2, { header: {}, messages: hello })
    sessions.receive('server', response.messages)
    progress.begin('Generating share')
    await receiveRound(channel, sessions, await awaitRound(join, operationId, 3))
    sessions.advance()
    progress.begin('Parsing share')
    // First what may fail: until the shares are taken, the sessions wipe them.
    const confirmation = await roundMessages(channel, sessions)
    return { shares: takeShares(join, sessions), wasKnown, confirmation }
  } finally {
    sessions.dispose()
  }
}

/**
 * @returns whether this device knows the wallet
 * @throws {SET_MISMATCH} if it is another wallet than was expected, or one that this device knows by other keys
 */
async function assertExpected(join: Join, offered: WalletSetRecord): Promise<boolean> {
  const { client, expected } = join
  const walletId = toHex(offered.walletId)
  const keys = offeredKeys(client, offered)
  const isOther = expected.walletId !== undefined && expected.walletId !== walletId
  if (isOther || (expected.publicKeys !== undefined && !equalKeys(expected.publicKeys, keys))) {
    throw new MpcError('SET_MISMATCH', 'the other device invites this one to another wallet than was expected')
  }
  return reconcileKnownWallet(join, walletId, keys)
}

/** Validates the new shares: s·G = Y, Σ λY = pk. @throws {PROTOCOL_ABORTED} unless the server has confirmed its own */
function takeShares({ client, progress }: Join, sessions: JoinSessions): WalletShares {
  sessions.madeSet(4)
  const shares = sessions.madeShares(3)
  try {
    shares.forEach((share, index) => {
      const { curve } = share.record
      validateKeyShare(client.group(curve), share)
      progress.within((index + 1) / shares.length, curve)
    })
    return combineShares(shares)
  } catch (error) {
    shares.forEach(wipeKeyShare)
    throw error
  }
}

async function store(join: Join, shares: WalletShares): Promise<void> {
  const { deadline, operationId, progress } = join
  progress.begin('Storing share')
  await prepareSet(join, { shares, operationId }, () => [])
  deadline.check()
}

/** Sends round 4, which commits the set, puts it into use, proves it and makes its ECDSA setup. */
async function finish(join: Join, { shares, confirmation }: Made): Promise<Wallet> {
  const { client, deadline, operationId, progress } = join
  const { header } = await postRound(join, operationId, 4, { header: {}, messages: confirmation })
  const setId = verifyMadeSet(parseResult(header), shares, 'ACTIVE')
  const record = await activateSet(client, toHex(shares.walletId), setId)
  // A set that is proven may be the wallet's last: the other device can be removed at once.
  await ifPossible(proveSet(client, deadline, record, setId))
  progress.within(0.5)
  if (hasEcdsa(client)) await ifPossible(client.ecdsa.makeSetup(client, deadline, shares))
  progress.finish()
  return toWallet(record)
}

/** The device has joined. What fails now is made up for at the next use: the proof, or the setup at an ECDSA signature. */
async function ifPossible(step: Promise<unknown>): Promise<void> {
  try {
    await step
  } catch (error) {
    if (!isMpcError(error)) throw error
  }
}

/** Aborts the join, and removes what was prepared. */
async function giveUp({ client, deadline, operationId }: Join, made: Made | undefined, error: unknown): Promise<void> {
  const isHurried = deadline.signal.aborted || isNetworkFailure(error) || isMpcError(error, 'JOIN_EXPIRED')
  const aborted = abortJoin(client, operationId, isHurried)
  if (made !== undefined) {
    const { shares, wasKnown } = made
    const { walletId, setId } = shares
    const discard = wasKnown ? deletePreparedSet : deleteFirstSet
    await withDeadline(client, { timeoutMs: DISCARD_TIMEOUT_MS }, (_, client) =>
      discard(client, toHex(walletId), toHex(setId)),
    ).catch(() => undefined)
  }
  await aborted
}
