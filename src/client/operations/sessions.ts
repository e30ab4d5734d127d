import { operationSessions, type SessionSpec } from '../../wire/operation-definitions.ts'
import { operationFlags } from '../../wire/operation-flags.ts'
import type { OperationId, OperationRequest } from '../../wire/operations.ts'
import { setupBinding, setupParties } from '../../wire/setup-binding.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../wire/sessions.ts'
import { createOtSetup, type PairSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import { createKeygen } from '../../protocol/keygen/index.ts'
import { createReshare, type ReshareParticipant, type ReshareResult } from '../../protocol/reshare/index.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import { partyId } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import type { Client } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

/** This machine's number among a reshare's participants; the server is the second. */
const SELF = 1

/** The specs of the sessions that make shares. */
export function shareSessions(request: OperationRequest): SessionSpec[] {
  return operationSessions(request).filter(({ brings }) => brings === 'share')
}

/** The fields of a request that choose the client's role in its setup. */
export function setupRole(client: Client): { readonly slowClient?: true } {
  return client.ecdsa().isSlow ? { slowClient: true } : {}
}

/**
 * The session of an operation's ECDSA setup; undefined if it has none.
 *
 * @param old the set that the new one comes from, if there is one: its share hedges the setup's randomness
 */
export function setupSession(
  client: Client,
  operationId: OperationId,
  request: OperationRequest,
  old?: WalletShares,
): Session<readonly PairSetup[]> | undefined {
  if (!operationSessions(request).some(({ brings }) => brings === 'setup')) return undefined
  return otSetup(client, operationId, request, old)
}

/** A setup with the server, bound to an operation. */
export function otSetup(
  client: Client,
  operationId: OperationId,
  request: OperationRequest,
  old?: WalletShares,
): Session<readonly PairSetup[]> {
  return createOtSetup({
    backend: client.ecdsa(),
    ...setupParties(request),
    self: partyId(SELF),
    binding: setupBinding(operationId, request),
    random: client.random,
    ...(old && { secret: shareOn(old, 'secp256k1').secretShare }),
  })
}

/** The sessions of a key generation, one per share. */
export function keygenSessions(client: Client, request: OperationRequest): Session<KeyShare>[] {
  const parties = partiesOf('signing')
  return shareSessions(request).map(({ curve }) =>
    createKeygen({
      group: client.group(curve),
      walletId: fromHex(request.walletId),
      purpose: 'signing',
      threshold: WALLET_THRESHOLD,
      parties,
      self: parties[0]!.id,
      random: client.random,
    }),
  )
}

/**
 * The sessions of a reshare, one per share.
 *
 * @param old the set that deals; the caller wipes its shares
 */
export function reshareSessions(
  client: Client,
  request: OperationRequest,
  old: WalletShares,
): Session<ReshareResult>[] {
  const dealers = partiesOf(old.purpose)
  return shareSessions(request).map(({ target, curve }) => {
    const share = shareOn(old, curve)
    return createReshare({
      group: client.group(curve),
      old: share.record,
      purpose: target,
      threshold: WALLET_THRESHOLD,
      participants: partiesOf(target).map((receiver, machine): ReshareParticipant => {
        return { dealer: dealers[machine]!.id, receiver }
      }),
      self: SELF,
      flags: operationFlags(request),
      share,
      random: client.random,
    })
  })
}

/** The shares that a reshare made for this machine, which is always a receiver. */
export function receivedShares(results: readonly ReshareResult[]): KeyShare[] {
  return results.map(({ share }) => {
    if (share === undefined) throw new Error('this participant receives a share')
    return share
  })
}
