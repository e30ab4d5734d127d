import { wipe } from '../../util/bytes.ts'
import { sameFiles } from './part-file.ts'
import type { PartRecord } from './part-record.ts'

/** Several backups may be made at a time. Older ones that nobody has opened are forgotten. */
const MOST_KEPT = 4

/** Longer than it takes to open what was sealed, with passwords and passkeys beside it. */
const KEPT_MS = 10 * 60_000

/** The shares of what a method has sealed, until it is opened once. */
export interface KeptShares {
  /**
   * Keeps records until they are taken; it wipes them after ten minutes, when the signal is aborted, or for newer ones.
   *
   * @param files of all parts
   * @param records as many as open them
   * @returns wipes them now
   */
  keep(files: readonly Uint8Array[], records: readonly PartRecord[], signal: AbortSignal | undefined): () => void
  /** The records that were kept for exactly these files. They are the caller's to wipe. */
  take(files: readonly Uint8Array[]): readonly PartRecord[] | undefined
}

interface Kept {
  readonly files: readonly Uint8Array[]
  readonly records: readonly PartRecord[]
  /** Ends what would wipe them later. */
  release(): void
}

/** Makes an empty one. */
export function createKeptShares(): KeptShares {
  const all: Kept[] = []

  function remove(kept: Kept | undefined): readonly PartRecord[] | undefined {
    if (kept === undefined || !all.includes(kept)) return undefined
    all.splice(all.indexOf(kept), 1)
    kept.release()
    return kept.records
  }

  return {
    keep(files, records, signal) {
      const forget = () => wipeRecords(remove(kept))
      const timer = setTimeout(forget, KEPT_MS) as ReturnType<typeof setTimeout> & { unref?: () => void }
      // A Node process need not wait for it.
      timer.unref?.()
      signal?.addEventListener('abort', forget, { once: true })
      const release = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', forget)
      }
      const kept: Kept = { files, records, release }
      all.push(kept)
      if (signal?.aborted === true) forget()
      if (all.length > MOST_KEPT) wipeRecords(remove(all[0]))
      return forget
    },
    take: (files) => remove(all.find((kept) => sameFiles(kept.files, files))),
  }
}

/** Wipes the shares of records. */
export function wipeRecords(records: readonly PartRecord[] = []): void {
  wipe(...records.map(({ share }) => share))
}
