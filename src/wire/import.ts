import type { ImportTerms } from '../protocol/import/index.ts'
import { fromHex } from '../util/bytes.ts'
import type { ImportedKey } from './operations.ts'
import { partiesOf } from './sessions.ts'

/** What both sides take from an imported key of a request: the client, party 1, deals it. */
export function importedKeyTerms({
  publicKey,
  chainCode,
}: ImportedKey): Pick<ImportTerms, 'dealer' | 'publicKey' | 'chainCode'> {
  return {
    dealer: partiesOf('signing')[0]!.id,
    publicKey: fromHex(publicKey),
    ...(chainCode !== null && { chainCode: fromHex(chainCode) }),
  }
}
