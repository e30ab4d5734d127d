import { isMpcError } from '../../errors.ts'
import { wipe } from '../../util/bytes.ts'
import { throwIfAborted } from '../failures.ts'
import { recipientsArgument } from '../keys.ts'
import { assertSealedPart, openPartFile, sealPart, type Part, type PartWork } from './part-file.ts'
import { commitToShare, type PartRecord } from './part-record.ts'
import { part as partOf, type OnProgress } from '../progress.ts'
import type { AgeRecipient, BackupKeys } from '../types.ts'

/** A part that was sealed. */
export interface SealedPart {
  readonly file: Uint8Array
  /** Whether its method has opened it again: the others only seal. */
  readonly proven: boolean
}

/** A header has 64 KiB: they take four thirds of this, and other methods may have stanzas beside them. */
const MAX_PARTS_LENGTH = 40 * 1024

/**
 * Seals each record by its method, and opens it again by each method that can. Of the others, it checks that the part is one
 * that could be opened.
 *
 * @throws {TypeError} if one key would open two parts, as far as that can be seen
 * @throws {RangeError} if the parts are too large for a header, or one is for nobody or for too many keys
 * @throws {DECRYPT_FAILED | BACKUP_CORRUPT} if a method does not open its part
 * @throws {MpcError} what a method throws
 */
export async function sealParts(
  records: readonly PartRecord[],
  methods: readonly BackupKeys[],
  { onProgress = () => {}, ...work }: PartWork,
): Promise<SealedPart[]> {
  const seen = new Set<AgeRecipient>()
  const parts: Part[] = []
  const sealed: SealedPart[] = []
  for (const [i, method] of methods.entries()) {
    throwIfAborted(work.signal)
    const record = records[i] as PartRecord
    const report = (step: 0 | 1): OnProgress => partOf(partOf(onProgress, i, methods.length), step, 2)
    const file = await sealPart(record, noting(method, seen), { ...work, onProgress: report(0) })
    const part = { ...record, method: method.name, commitment: commitToShare(record), file }
    assertSealedPart(part)
    const proven = method.sealsOnly !== true
    // What opens must match the commitment to the share.
    if (proven) wipe((await openPartFile(part, [part], method, { ...work, onProgress: report(1) })).share)
    parts.push(part)
    sealed.push({ file, proven })
  }
  if (sealed.reduce((sum, { file }) => sum + file.length, 0) > MAX_PARTS_LENGTH) {
    throw new RangeError('the recipients of the parts are too many for one file')
  }
  await assertDifferentKeys(parts, methods, work)
  return sealed
}

/** The method, whose recipients must not be another's. */
function noting(method: BackupKeys, seen: Set<AgeRecipient>): BackupKeys {
  return {
    name: method.name,
    probe: (options) => method.probe(options),
    identities: (options) => method.identities(options),
    async recipients(options) {
      const recipients = recipientsArgument(await method.recipients(options), method.name)
      const known = recipients.map((recipient) =>
        typeof recipient === 'object' ? (recipient.text ?? recipient) : recipient,
      )
      if (known.some((recipient) => seen.has(recipient))) throw new TypeError('two parts are for the same recipient')
      for (const recipient of known) seen.add(recipient)
      return recipients
    },
  }
}

/** Passkeys are not asked: each would be another prompt. */
async function assertDifferentKeys(parts: readonly Part[], methods: readonly BackupKeys[], work: PartWork) {
  for (const [i, method] of methods.entries()) {
    if (method.sealsOnly === true || method.name === 'PASSKEY') continue
    for (const part of parts.filter(({ method: name }, j) => j !== i && name === method.name)) {
      if (await opens(part, method, work)) throw new TypeError('one key would open two parts')
    }
  }
}

async function opens(part: Part, method: BackupKeys, work: PartWork): Promise<boolean> {
  try {
    const { share } = await openPartFile(part, [part], method, work)
    wipe(share)
    return true
  } catch (error) {
    if (isMpcError(error, 'DECRYPT_FAILED', 'WRONG_PASSWORD')) return false
    throw error
  }
}
