import { nullable, bytes, readColumn } from '../../../src/service/database/rows.ts'
import type { Queryable } from '../../../src/service/database/types.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { openShare, shareQuery } from '../../../src/server/sets/shares.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'

/** The server share of a set, as the database has it; throws as `openShare`. */
export async function readShare(
  { sealer }: Pick<ServerContext, 'sealer'>,
  db: Queryable,
  clientId: string,
  setId: string,
): Promise<WalletShares> {
  const { sql, parameters } = shareQuery(setId)
  const [row] = await db.query(sql, parameters)
  return openShare({ sealer }, clientId, setId, row === undefined ? null : readColumn(row, 'sealed', nullable(bytes)))
}
