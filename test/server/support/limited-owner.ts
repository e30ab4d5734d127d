import { beforeEach, expect } from 'vitest'
import type { LimitOptions, Server, ServerOptions } from '../../../src/server/index.ts'
import { codeOf, type Answer, type ServerClient } from '../../support/server-client.ts'
import { fileOwner, type FileOwner } from './file-owner.ts'
import { HOUR } from './rate-limits.ts'
import { sign } from './wallets.ts'

export const codeOrOk = (answer: Answer) => (answer.status === 200 ? 'OK' : codeOf(answer))

/**
 * An owner that the tests of a file share, of whom nothing is counted before each test.
 *
 * @param take gets the owner before the first test
 */
export function limitedOwner(take: (owner: FileOwner) => void) {
  let made: FileOwner
  fileOwner((owner) => take((made = owner)))
  const counts = () => made.world.database.query('select kind, count from reshare_rates order by client_id, kind')
  beforeEach(async () => {
    made.world.pass(24 * HOUR)
    await made.world.server().sweep()
    expect(await counts()).toEqual([])
  })
  return {
    /** What is counted, of every client. */
    counts,
    limited: (limits: LimitOptions, options: Partial<ServerOptions> = {}) => made.world.server({ limits, ...options }),
    owner: (...servers: Server[]) => made.world.client(servers, made.clientId),
    signIn: (client: ServerClient) => sign(client, made.wallet.signing).post(),
  }
}
