import type { OperationId } from '../../wire/operations.ts'
import type { SessionMessage } from '../../wire/round-body.ts'
import type { SetLimits } from '../../wire/set-limits.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { combineShares, validateKeyShare, wipeKeyShare } from '../../key-share/index.ts'
import type { WalletSetRecord, WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { withDeadline, type Deadline } from '../deadline.ts'
import { hasEcdsa } from '../ecdsa-client.ts'
import { isNetworkFailure, postRound } from '../operations/api-client.ts'
import { parseResult } from '../operations/parse-responses.ts'
import { verifyMadeSet } from '../operations/verify-result.ts'
import type { ProgressReporter } from '../progress.ts'
import type { Call, Client, PublicKeys, Wallet } from '../types.ts'
import { equalKeys, wipeShares } from '../wallet-shares.ts'
import { reconcileKnownWallet } from '../wallets/known-wallet.ts'
import { prepareSet } from '../wallets/prepare-set.ts'
import { proveSet } from '../wallets/prove-set.ts'
import { activateSet, reconcileWallet } from '../wallets/reconcile.ts'
import { deletePreparedSet } from '../wallets/share-store.ts'
import { toWallet } from '../wallets/wallet-store.ts'
import type { DeviceChannel } from './device-channel.ts'
import { abortJoin, awaitRound, openMessage, receiveRound, roundMessages } from './join-rounds.ts'
import { createJoinSessions, type JoinSessions } from './join-sessions.ts'
import { offeredKeys, readOffer } from './offer.ts'

/** How long undoing what was prepared may take; what is left then is undone at the next use. */
const UNDO_TIMEOUT_MS = 5_000

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
  readonly confirmation: readonly SessionMessage[]
  readonly limits: SetLimits
}

/**
 * Runs rounds 2 and 4 of a join on the joining device.
 *
 * If it fails before round 4 is sent, everything is undone on both sides. If it fails later, the server may or may not have
 * committed: {@link reconcileWallet} asks, at once if the server has responded, otherwise at the next use.
 */
export async function runJoin(join: Join): Promise<Wallet> {
  const { client, deadline, operationId } = join
  let made: Made | undefined
  let isDecidable = false
  client.operations.add(operationId)
  try {
    made = await makeShares(join)
    const own = made
    // Nothing is waited for any more: what a process leaves that ends now is undecided for no longer than one action takes.
    return await withDeadline(client, { signal: deadline.signal }, async (deadline) => {
      const last = { ...join, deadline }
      await store(last, own)
      isDecidable = true
      return finish(last, own)
    })
  } catch (error) {
    client.undecidedOperations.add(operationId)
    await (isDecidable ? askDecision(join, made!, error) : giveUp(join, made, error))
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
  const { record, limits } = readOffer(client, header)
  await assertExpected(join, record)
  const sessions = createJoinSessions(client, 'joining', record.records, limits)
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
    return { shares: takeShares(join, sessions), confirmation, limits }
  } finally {
    sessions.dispose()
  }
}

/** @throws {SET_MISMATCH} if it is another wallet than was expected, or one that this device knows by other keys */
async function assertExpected(join: Join, offered: WalletSetRecord): Promise<void> {
  const { client, expected } = join
  const walletId = toHex(offered.walletId)
  const keys = offeredKeys(client, offered)
  const isOther = expected.walletId !== undefined && expected.walletId !== walletId
  if (isOther || (expected.publicKeys !== undefined && !equalKeys(expected.publicKeys, keys))) {
    throw new MpcError('SET_MISMATCH', 'the other device invites this one to another wallet than was expected')
  }
  await reconcileKnownWallet(join, walletId, keys)
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

async function store(join: Join, { shares, limits }: Made): Promise<void> {
  const { deadline, operationId, progress } = join
  progress.begin('Storing share')
  await prepareSet(join, { shares, operationId, limits }, () => [])
  deadline.check()
}

/** Sends round 4, which commits the set, puts it into use, proves it and makes its ECDSA setup, unless that is put off. */
async function finish(join: Join, { shares, confirmation }: Made): Promise<Wallet> {
  const { client, deadline, operationId, progress } = join
  const { header } = await postRound(join, operationId, 4, { header: {}, messages: confirmation })
  const setId = verifyMadeSet(parseResult(header), shares, 'ACTIVE')
  const record = await activateSet(client, toHex(shares.walletId), setId)
  // A set that is proven may be the wallet's last: the other device can be removed at once.
  await ifPossible(proveSet(client, deadline, record, setId))
  progress.within(0.5)
  if (hasEcdsa(client) && client.ecdsa.setupTime(client) === 'withSet') {
    await ifPossible(client.ecdsa.makeSetup({ client, deadline }, shares))
  }
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
async function giveUp(join: Join, made: Made | undefined, error: unknown): Promise<void> {
  const { client, operationId } = join
  const aborted = abortJoin(client, operationId, isHurried(join, error))
  if (made !== undefined) {
    const { walletId, setId } = made.shares
    await undo(join, (_, client) => deletePreparedSet(client, toHex(walletId), toHex(setId)))
  }
  await aborted
}

/** The server has refused the last message, or responded with what is no result: asks what it has decided. */
async function askDecision(join: Join, { shares }: Made, error: unknown): Promise<void> {
  join.client.operations.delete(join.operationId)
  if (isHurried(join, error)) return
  await undo(join, (deadline, client) => reconcileWallet(client, deadline, toHex(shares.walletId), { soon: true }))
}

/** Whether the app wants to stop, or the server cannot be reached. */
function isHurried({ deadline }: Join, error: unknown): boolean {
  return deadline.signal.aborted || isNetworkFailure(error) || isMpcError(error, 'JOIN_EXPIRED')
}

async function undo({ client }: Join, work: (deadline: Deadline, client: Client) => Promise<unknown>): Promise<void> {
  await withDeadline(client, { timeoutMs: UNDO_TIMEOUT_MS }, work).catch(() => undefined)
}
