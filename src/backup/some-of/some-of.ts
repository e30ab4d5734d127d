import { equalBytes, fromHex, isHex, wipe } from '../../util/bytes.ts'
import { hedgedRandom } from '../../util/hedge.ts'
import { systemRandom } from '../../util/random.ts'
import { interpolateBytes, splitBytes } from '../../secret-sharing/gf256.ts'
import { isSharing, MAX_PARTS } from '../choices.ts'
import { corrupt } from '../failures.ts'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { keysArguments } from '../keys.ts'
import { createBackupMethod } from '../method.ts'
import { createKeptShares, wipeRecords } from './kept-shares.ts'
import { openParts } from './open-parts.ts'
import { readParts, type Part, type PartWork } from './part-file.ts'
import { commitToShare, type PartRecord } from './part-record.ts'
import { assertAskingParts, encodePartArguments, PART_STANZA } from './part-stanza.ts'
import { sealParts, type SealedPart } from './seal-parts.ts'
import type { AgeIdentityCode, AgeStanza, BackupKeys } from '../types.ts'

/**
 * A backup that any k of n methods open together, such as two of three guardians, or a passkey and a password.
 *
 * Sealing shares the key of the file among the methods, and opens each part again with the method that is for it, unless
 * that only seals. To open, give the methods that are at hand, in any order; how many it takes, the file says. No more
 * methods are asked than that.
 *
 * The server knows it as `CUSTOM`, since no method opens it alone. It may stand in `anyOf`, once; it cannot be a method of
 * another `someOf`.
 *
 * @param needed k: 2 to 16, and to seal not more than there are methods
 * @param methods n: at most 16 with different keys; at most 4 of them passwords, and 4 passkeys
 * @throws {TypeError} if a method is none, is given twice, or is a `someOf` itself
 * @throws {RangeError} if k or n is out of bounds
 *
 * @example
 * const guardians = someOf(2, guardianRecipients.map((recipient) => custom({ recipients: [recipient] })))
 */
export function someOf(needed: number, methods: readonly BackupKeys[]): KeyedBackupMethod {
  const given = [...keysArguments(methods)]
  if (!isSharing(needed, MAX_PARTS)) throw new RangeError(`a number of methods is needed from 2 to ${MAX_PARTS}`)
  if (given.length === 0 || given.length > MAX_PARTS) throw new RangeError(`1 to ${MAX_PARTS} methods can be given`)
  if (new Set(given).size !== given.length) throw new TypeError('a method is given twice')
  if (given.some(({ choice }) => choice !== undefined)) throw new TypeError('a someOf cannot be part of another')
  const names = given.map(({ name }) => name)
  assertAskingParts(names)
  const kept = createKeptShares()

  function assertSeals(): void {
    if (needed > given.length) throw new RangeError(`${needed} methods cannot be needed of ${given.length}`)
  }

  async function wrap(fileKey: Uint8Array, { onKept, ...work }: Wrapping): Promise<AgeStanza[]> {
    const group = { id: systemRandom(16), needed, total: given.length }
    const random = hedgedRandom(systemRandom, 'part share', fileKey, group.id, fromHex(work.walletId))
    const shares = splitBytes(fileKey, needed, given.length, random)
    const records = shares.map(({ index, value }) => ({ walletId: work.walletId, group, index, share: value }))
    let openers: PartRecord[] = []
    try {
      const parts = await sealParts(records, given, work)
      openers = provenFirst(parts, records).slice(0, needed)
      const files = parts.map(({ file }) => file)
      onKept(kept.keep(files, openers, work.signal))
      return parts.map(({ file }, i) => {
        const record = records[i] as PartRecord
        const part = { ...record, method: (given[i] as BackupKeys).name, commitment: commitToShare(record) }
        return { args: encodePartArguments(part), body: file }
      })
    } finally {
      wipe(...records.filter((record) => !openers.includes(record)).map(({ share }) => share))
    }
  }

  function identity(work: PartWork): AgeIdentityCode {
    return {
      async unwrapFileKey(stanzas) {
        const parts = readParts(stanzas)
        if (parts.length === 0) return null
        // What this method has just sealed opens without asking anybody: each part was opened when it was sealed.
        const own = kept.take(parts.map(({ file }) => file))
        const records = own ?? (await openParts(parts, given, work))
        try {
          return combine(records, parts)
        } finally {
          wipeRecords(records)
        }
      },
    }
  }

  return createBackupMethod({
    name: 'CUSTOM',
    sharesKey: true,
    choice: { needed, methods: names },
    async probe(options) {
      assertSeals()
      for (const method of given) await method.probe(options)
    },
    async recipients({ walletId, onProgress, signal }) {
      assertSeals()
      if (!isHex(walletId, 16)) throw new TypeError('walletId must be 16 bytes in lower-case hex')
      const work = { walletId, ...(onProgress && { onProgress }), ...(signal && { signal }) }
      const forgetting: (() => void)[] = []
      const onKept = (forget: () => void) => void forgetting.push(forget)
      return [
        {
          wrapFileKey: (fileKey) => wrap(fileKey, { ...work, onKept }),
          discard: () => forgetting.forEach((forget) => forget()),
        },
      ]
    },
    identities: async ({ walletId, onProgress, signal, stanzas }) => {
      const work = { ...(walletId && { walletId }), ...(onProgress && { onProgress }), ...(signal && { signal }) }
      return stanzas.some(([type]) => type === PART_STANZA) ? [identity(work)] : []
    },
  })
}

interface Wrapping extends PartWork {
  readonly walletId: string
  /** Receives what wipes the shares that were kept. */
  readonly onKept: (forget: () => void) => void
}

function provenFirst(parts: readonly SealedPart[], records: readonly PartRecord[]): PartRecord[] {
  const isProven = (record: PartRecord) => parts[record.index - 1]?.proven === true
  return [...records.filter(isProven), ...records.filter((record) => !isProven(record))]
}

/**
 * The file key of enough parts. All commitments must be to the shares of one polynomial, so that no part of the header
 * counts that does not belong to the others.
 *
 * @throws {BACKUP_CORRUPT} if they are not
 */
function combine(records: readonly PartRecord[], parts: readonly Part[]): Uint8Array {
  const shares = records.map(({ index, share }) => ({ index, value: share }))
  const [first] = records as [PartRecord]
  for (const { index, commitment } of parts) {
    const share = interpolateBytes(shares, index)
    const isRight = equalBytes(commitToShare({ ...first, index, share }), commitment)
    wipe(share)
    if (!isRight) throw corrupt('its parts do not belong together')
  }
  return interpolateBytes(shares, 0)
}
