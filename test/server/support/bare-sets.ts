import type { Sealer } from '../../../src/util/seal.ts'
import type { Tables } from './tables.ts'
import type { CalledOperation } from '../../../src/server/access/caller.ts'

/** A set without a share and without a setup. */
export async function bareSet(tables: Tables, key: CalledOperation) {
  const setId = await tables.set(key)
  await tables.database.query('delete from reshare_shares where set_id = $1', [setId])
  await tables.database.query('delete from reshare_ot_states where set_id = $1', [setId])
  return { ...key, setId }
}

/** A sealer that keeps what it was given to seal and what it has opened. */
export function watchedSealer(tables: Tables): { readonly sealer: Sealer; readonly seen: Uint8Array[] } {
  const seen: Uint8Array[] = []
  const { sealer } = tables.context
  return {
    seen,
    sealer: {
      ...sealer,
      seal: (place, bytes) => (seen.push(bytes), sealer.seal(place, bytes)),
      open: (place, sealed) => {
        const opened = sealer.open(place, sealed)
        seen.push(opened)
        return opened
      },
    },
  }
}
