import { operationSessions } from '../../wire/operation-definitions.ts'
import type { SessionMessage } from '../../wire/round-body.ts'
import type { ProveRequest } from '../../wire/operations.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { MpcError, isMpcError } from '../../errors.ts'
import { provePossession } from '../../protocol/possession/index.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { toHex } from '../../util/bytes.ts'
import { parseResult } from '../operations/parse-responses.ts'
import { postRound } from '../operations/api-client.ts'
import type { Deadline } from '../deadline.ts'
import { beginWith, newOperationId } from '../operations/run-operation.ts'
import { deleteSets, loadShares } from './share-store.ts'
import type { Client } from '../types.ts'
import { activeSetIds, withProven, type WalletRecord } from './wallet-record.ts'
import { shareOn, wipeShares } from '../wallet-shares.ts'
import { changeKnownWallet } from './wallet-store.ts'

/**
 * Proves to the server that this device's new set works. That retires the sets it replaces, first on the server and
 * then here (docs/protocol.md#prepare-decide-learn-prove-retire).
 *
 * Two tabs may have replaced the same set, and the server lets one of them win. If this set lost, it is retired before
 * its first use, and the other one is proven instead.
 *
 * @throws {SET_RETIRED} if this set and all others on this device are retired
 */
export async function proveSet(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  setId: string,
): Promise<WalletRecord> {
  const otherSetIds = activeSetIds(record).filter((other) => other !== setId)
  const candidates = [setId, ...otherSetIds.reverse()]
  const over: string[] = []
  for (const candidate of candidates) {
    let retired: readonly string[]
    try {
      retired = await prove(client, deadline, record, candidate)
    } catch (error) {
      over.push(candidate)
      if (!isRetired(error) || over.length === candidates.length) throw error
      continue
    }
    const change = (current: WalletRecord) => withProven(current, candidate, [...over, ...retired])
    return deleteRetiredShares(client, await changeKnownWallet(client, record.walletId, change))
  }
  throw new Error('there is at least one candidate')
}

function isRetired(error: unknown): boolean {
  return isMpcError(error, 'SET_RETIRED', 'SET_EXPIRED')
}

/** Deletes the shares of retired sets; if interrupted, the next call finishes it. */
export async function deleteRetiredShares(client: Client, record: WalletRecord): Promise<WalletRecord> {
  const retired = record.sets.filter((set) => set.state === 'RETIRED').map((set) => set.setId)
  return retired.length === 0 ? record : deleteSets(client, record.walletId, retired)
}

/** Proves one set. @returns the sets that the server has retired for it, on any device */
async function prove(
  client: Client,
  deadline: Deadline,
  record: WalletRecord,
  setId: string,
): Promise<readonly string[]> {
  const shares = await loadShares(client, record, setId)
  try {
    return await runProof(client, deadline, shares)
  } finally {
    wipeShares(shares)
  }
}

async function runProof(client: Client, deadline: Deadline, shares: WalletShares): Promise<readonly string[]> {
  const request: ProveRequest = { kind: 'prove', walletId: toHex(shares.walletId), setId: toHex(shares.setId) }
  const operationId = newOperationId(client)
  const { messages } = await postRound({ client, deadline }, operationId, 1, {
    header: beginWith(client, { operationId, request, messages: [] }, shares),
    messages: [],
  })
  const proofs = operationSessions(request).map(({ curve }, sessionIndex): SessionMessage => {
    const envelope = provePossession({
      group: client.group(curve),
      share: shareOn(shares, curve),
      verifier: partiesOf('signing')[1]!.id,
      nonce: challengeOf(messages, sessionIndex),
      random: client.random,
    })
    return { sessionIndex, envelope }
  })
  const { header } = await postRound({ client, deadline }, operationId, 2, { header: {}, messages: proofs })
  const result = parseResult(header)
  if (result.setId !== request.setId || result.state !== 'ACTIVE') {
    throw new MpcError('SET_MISMATCH', 'the server took the proof for another set')
  }
  return result.retired?.filter((setId) => setId !== request.setId) ?? []
}

function challengeOf(messages: readonly SessionMessage[], sessionIndex: number): Uint8Array {
  const challenge = messages.find((message) => message.sessionIndex === sessionIndex)?.envelope
  if (challenge?.length !== 32) throw new MpcError('PROTOCOL_ABORTED', 'the server sent no challenge of 32 bytes')
  return challenge
}
