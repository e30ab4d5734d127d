import type { SessionMessage } from '../../wire/round-body.ts'
import type { ExportRequest } from '../../wire/operations.ts'
import { MpcError } from '../../errors.ts'
import type { WalletShares } from '../../key-share/types.ts'
import { CURVES, type Curve } from '../../types.ts'
import { toHex } from '../../util/bytes.ts'
import { AUTHORIZATION, checkText } from '../../util/text.ts'
import { assertUnlimited, useActiveSet } from '../wallets/active-set.ts'
import { parseResult } from '../operations/parse-responses.ts'
import { oneOf, assertObject, walletIdArgument } from '../arguments.ts'
import { postRound } from '../operations/api-client.ts'
import { withDeadline } from '../deadline.ts'
import { collectKey, exportedKeyAt, type ExportedKey, type ShareHolder } from '../backup/exported-key.ts'
import { beginWith, newOperationId } from '../operations/run-operation.ts'
import { pathArgument } from '../signing/sign-parameters.ts'
import type { ActionOptions, Call, Client } from '../types.ts'
import { shareOn } from '../wallet-shares.ts'

export interface ExportPrivateKeyParameters extends ActionOptions {
  /** 16 bytes in lower-case hex */
  readonly walletId: string
  /** Which of the wallet's keys. */
  readonly curve: Curve
  /** Steps without hardening, such as `m/0/5` (BIP 32, or BIP32-Ed25519). Default: the wallet's own key. */
  readonly path?: string
  /**
   * Passed to the server's `authorizeExport`, 1 to 4,096 UTF-16 code units: a fresh authorization by the user, such as
   * a one-time code.
   */
  readonly authorization: string
}

/**
 * Reconstructs one of the wallet's private keys on this device, from its own share and the server's.
 *
 * From then on the key exists in one place and is no longer protected by being shared: neither retiring a device nor
 * refreshing helps against whoever has these bytes. The wallet keeps working, and `listSets` shows when the set was
 * exported. For ed25519 the result is a scalar, not a seed.
 *
 * With a `path` the result is the key of that path. It is no less than the wallet's own key to whoever also has the chain
 * code, as this device does: one follows from the other.
 *
 * @throws {POLICY_DENIED} if the server does not allow it; without an `authorizeExport` hook it allows none
 * @throws {SHARE_NOT_FOUND | SHARE_PARSING_FAILED | SET_MISMATCH} if this device cannot use the wallet: recover it
 * @throws {SET_RETIRED} if the set was retired, from this device or another
 * @throws {PROTOCOL_ABORTED} if what the server sends is not its share of this key
 * @throws {NETWORK_ERROR | MALFORMED_RESPONSE | TIMEOUT | ABORTED | AUTH_FAILED}
 *
 * @example
 * const { privateKey } = await exportPrivateKey(client, { walletId, curve: 'secp256k1', authorization: oneTimeCode })
 */
export async function exportPrivateKey(client: Client, options: ExportPrivateKeyParameters): Promise<ExportedKey> {
  const { walletId, curve, authorization } = assertObject(options, 'exportPrivateKey')
  walletIdArgument(walletId)
  oneOf(curve, CURVES, 'curve')
  const path = pathArgument(options.path)
  checkText(authorization, AUTHORIZATION, 'authorization')
  return withDeadline(client, options, (deadline, client) =>
    useActiveSet(client, deadline, walletId, async (shares, limits) => {
      assertUnlimited(limits, 'export')
      const operationId = newOperationId(client)
      const exportRequest = { kind: 'export', walletId, setId: toHex(shares.setId), curve, authorization } as const
      const holder = serverShare({ client, deadline }, operationId, shares, exportRequest)
      const share = shareOn(shares, curve)
      const key = await collectKey(client, share, operationId, holder)
      return exportedKeyAt(client.group(curve), share.record, key, path)
    }),
  )
}

function serverShare(
  call: Call,
  operationId: string,
  shares: WalletShares,
  exportRequest: Omit<ExportRequest, 'receiver'>,
): ShareHolder {
  return {
    async challenge(receiver) {
      const header = beginWith(
        call.client,
        { operationId, request: { ...exportRequest, receiver }, messages: [] },
        shares,
      )
      const { messages } = await postRound(call, operationId, 1, { header, messages: [] })
      return onlyMessage(messages)
    },
    async share(envelope) {
      const body = { header: {}, messages: [{ sessionIndex: 0, envelope }] }
      const { header, messages } = await postRound(call, operationId, 2, body)
      const { setId, state } = parseResult(header)
      if (setId !== exportRequest.setId || state !== 'ACTIVE') {
        throw new MpcError('SET_MISMATCH', 'the server exported from another set')
      }
      return onlyMessage(messages)
    },
  }
}

function onlyMessage(messages: readonly SessionMessage[]): Uint8Array {
  const [message, ...extraMessages] = messages
  if (message?.sessionIndex === 0 && extraMessages.length === 0) return message.envelope
  throw new MpcError('PROTOCOL_ABORTED', 'the server left out its part of the export')
}
