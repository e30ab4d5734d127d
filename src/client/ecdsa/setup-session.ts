import type { OperationId, OperationRequest } from '../../wire/operations.ts'
import { setupBinding, setupParties } from '../../wire/setup-binding.ts'
import { partiesOf } from '../../wire/sessions.ts'
import { wipeSecrets } from '../../protocol/ecdsa/ot/ot-state.ts'
import { createOtSetup, type PeerSetup } from '../../protocol/ecdsa/setup/create-setup.ts'
import type { Session, Step } from '../../protocol/session/session.ts'
import type { WalletShares } from '../../key-share/types.ts'
import type { EcdsaClient, NewSetup, OperationSession } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'
import { storeSetup } from './ot-state-store.ts'

/** The fields of a request that choose the client's role in its setup. */
export function setupRole({ ecdsa }: EcdsaClient): { readonly slowClient?: true } {
  return ecdsa.backend().isSlow ? { slowClient: true } : {}
}

/**
 * A setup with the server, bound to an operation.
 *
 * @param old the set that the new one comes from, if there is one: its share hedges the setup's randomness
 */
export function otSetup(
  client: EcdsaClient,
  operationId: OperationId,
  request: OperationRequest,
  old?: WalletShares,
): Session<readonly PeerSetup[]> {
  return createOtSetup({
    backend: client.ecdsa.backend(),
    ...setupParties(request),
    self: partiesOf('signing')[0]!.id,
    binding: setupBinding(operationId, request),
    random: client.random,
    ...(old && { secret: shareOn(old, 'secp256k1').secretShare }),
  })
}

/** {@link otSetup} with a result that can be stored. */
export function setupSession(
  client: EcdsaClient,
  operationId: OperationId,
  request: OperationRequest,
  old?: WalletShares,
): OperationSession<NewSetup> {
  const setup = otSetup(client, operationId, request, old)
  const convert = ({ out, done }: Step<readonly PeerSetup[]>): Step<NewSetup> =>
    done === undefined ? { out } : { out, done: newSetup(done) }
  return {
    start: () => convert(setup.start()),
    receive: (envelope) => setup.receive(envelope),
    advance: () => convert(setup.advance()),
    dispose: () => setup.dispose(),
  }
}

/** A setup between two parties has one result. */
function newSetup([peerSetup]: readonly PeerSetup[]): NewSetup {
  if (peerSetup === undefined) throw new Error('a setup with the server has one result')
  return {
    store: (client, shares, expectedVersion) => storeSetup(client, shares, peerSetup, expectedVersion),
    wipe: () => wipeSecrets(peerSetup.secrets),
  }
}
