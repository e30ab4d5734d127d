import { operationSessions, type SessionSpec } from '../../wire/operation-definitions.ts'
import { bindsLimits, operationFlags } from '../../wire/operation-flags.ts'
import type { OperationId, OperationRequest } from '../../wire/operations.ts'
import { partiesOf, WALLET_THRESHOLD } from '../../wire/sessions.ts'
import { createKeygen, type KeygenOptions } from '../../protocol/keygen/index.ts'
import { createReshare, type ReshareParticipant, type ReshareResult } from '../../protocol/reshare/index.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { KeyShare, WalletShares } from '../../key-share/types.ts'
import type { Curve } from '../../types.ts'
import { fromHex } from '../../util/bytes.ts'
import { hasEcdsa } from '../ecdsa-client.ts'
import type { Client, NewSetup, OperationSession } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

/** This machine's number among a reshare's participants; the server is the second. */
const SELF = 1

/** The specs of the sessions that make shares. */
export function shareSessions(request: OperationRequest): SessionSpec[] {
  return operationSessions(request).filter(({ brings }) => brings === 'share')
}

/** The fields of a request that say how the signing set that it makes gets its ECDSA setup, if at all. */
export function setupFields(client: Client): { readonly slowClient?: true; readonly withoutSetup?: true } {
  if (!hasEcdsa(client) || client.ecdsa.setupTime(client) === 'firstSignature') return { withoutSetup: true }
  return client.ecdsa.setupRole(client)
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
): OperationSession<NewSetup> | undefined {
  const makesSetup = operationSessions(request).some(({ brings }) => brings === 'setup')
  return makesSetup && hasEcdsa(client) ? client.ecdsa.setupSession(client, operationId, request, old) : undefined
}

/** The sessions of a key generation, one per share. */
export function keygenSessions(client: Client, request: OperationRequest): Session<KeyShare>[] {
  return shareSessions(request).map(({ curve }) => createKeygen(keygenOptions(client, request, curve)))
}

/** The options of the client's session of one curve of a new wallet. */
export function keygenOptions(client: Client, { walletId }: OperationRequest, curve: Curve): KeygenOptions {
  const parties = partiesOf('signing')
  return {
    group: client.group(curve),
    walletId: fromHex(walletId),
    purpose: 'signing',
    threshold: WALLET_THRESHOLD,
    parties,
    self: parties[0]!.id,
    random: client.random,
  }
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
      ...bindsLimits(request),
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
