import type { Database } from '../../service/database/types.ts'
import { toHex } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { createCustodian } from './create-custodian.ts'
import type { Custodian } from '../types.ts'
import { webhookCustodian } from '../webhook-custodian.ts'

/**
 * A custodian inside the signing server, for development: the server calls the backend's handler directly, without a
 * network. It has no users, so it stores no cipherTexts and exports nothing.
 *
 * @param database may be the server's own; the caller closes it
 * @param masterKey 32 bytes, not the server's key
 */
export function embeddedCustodian(database: Database, masterKey: Uint8Array): Custodian {
  const secret = toHex(systemRandom(32))
  const app = createCustodian({ database, masterKey, webhookSecret: secret, authenticateUser: () => undefined })
  const fetch = async (input: string | URL | Request, init?: RequestInit) => app.fetch(new Request(input, init))
  return webhookCustodian({ url: 'http://localhost', secret, fetch })
}
