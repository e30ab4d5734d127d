import type { WalletShares } from '../../../key-share/index.ts'
import { equalBytes, toHex } from '../../../util/bytes.ts'
import type { Statement } from '../../../service/database/combined.ts'
import { timestamp, type ServerContext } from '../../context.ts'
import type { Completion, NewWalletRequest, RoundInput } from '../round.ts'
import { walletExists } from '../source.ts'
import { newSets, storeNewSets } from './new-sets.ts'

/**
 * The completion of a key generation or an import. The client confirms its share before the server stores anything, so
 * wallet, set and share are stored in the transaction of the decision.
 *
 * @param signing the server's shares of the wallet's first signing set; the caller wipes them
 */
export function createWallet(
  context: ServerContext,
  input: RoundInput<NewWalletRequest>,
  signing: WalletShares,
): Completion {
  const { clientId, operationId, request, auditHead } = input
  const { walletId, kind: detail } = request
  const setId = toHex(signing.setId)
  const now = timestamp(context)
  const made = newSets(context, input, [signing], now)
  return {
    decision: 'COMMIT',
    result: { setId, state: 'ACTIVE' },
    async apply(tx) {
      const { share, events, count } = await storeNewSets(tx, input, made, { wallet: walletInsertion(input, now) })
      if (count('wallet') === 0) throw walletExists()
      if (count('signing') !== 1) throw new Error('the signing set is there before its wallet')
      if (share === null || made.share === undefined || !equalBytes(share, made.share)) {
        throw new Error('the database does not give back the share that it was given')
      }
      await context.audit.record(
        tx,
        clientId,
        [...events, { event: 'activated', walletId, setId, operationId, detail }],
        auditHead,
      )
    },
  }
}

/** Adds a wallet. Returns a row unless the client has it. */
function walletInsertion({ clientId, request }: RoundInput<NewWalletRequest>, now: Date): Statement {
  return {
    sql: `insert into reshare_wallets (client_id, wallet_id, created_at, imported_at) values ($1, $2, $3, $4)
      on conflict (client_id, wallet_id) do nothing returning 1`,
    parameters: [clientId, request.walletId, now, request.kind === 'import' ? now : null],
  }
}
