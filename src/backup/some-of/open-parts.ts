import { MpcError, isMpcError } from '../../errors.ts'
import type { BackupMethodName } from '../../types.ts'
import { abytes, wipe } from '../../util/bytes.ts'
import { throwIfAborted, withCode } from '../failures.ts'
import { openPartFile, type Part, type PartWork } from './part-file.ts'
import { decodePartRecord, type PartRecord } from './part-record.ts'
import { mostTellingFailure, PartsMissingError, type PartFailure } from './parts-missing.ts'
import { createTasks } from './tasks.ts'
import type { BackupKeys } from '../types.ts'

/** Methods that ask the user for something, or take long. */
const ASKING: readonly BackupMethodName[] = ['PASSWORD', 'PASSKEY']

/** After this time without a result another method is asked beside it; its own result still counts. */
const PATIENCE_MS = { silent: 10_000, asking: 60_000 }

/** A method's result with another part is worth a try after these. After others the same would fail again. */
const NEXT_PART_AFTER = ['DECRYPT_FAILED', 'WRONG_PASSWORD', 'BACKUP_CORRUPT'] as const

/**
 * Opens as many parts as the backup needs, and asks no more methods than that takes.
 *
 * Parts that were handed over come first, then clouds and custom keys, as many at a time as parts are missing, and then
 * passwords and passkeys, one after another. Whatever one method throws, the next is asked; if one does not end, the next
 * is asked beside it after a time. Each method counts for one part at most, and each part once.
 *
 * @returns as many records as are needed, which the caller wipes
 * @throws {BACKUP_PARTS_MISSING} if too few open
 * @throws {ABORTED} if the signal was aborted
 */
export async function openParts(
  parts: readonly Part[],
  methods: readonly BackupKeys[],
  { onProgress, signal, ...work }: PartWork,
): Promise<PartRecord[]> {
  const needed = parts[0]?.group.needed as number
  const opened = new Map<number, PartRecord>()
  const failures: PartFailure[] = []
  const fractions = methods.map(() => 0)
  const tasks = createTasks(signal)

  const openBy = async ({ method, ...queued }: Queued): Promise<void> => {
    const { position } = queued
    const report = (fraction: number) => {
      fractions[position] = Math.max(fractions[position] as number, Math.min(1, fraction))
      onProgress?.(fractions.reduce((sum, each) => sum + each, 0) / methods.length)
    }
    const own = { ...work, onProgress: report, signal: tasks.signal }
    const attempt = { ...queued, work: own, accept, isOpen: (index: number) => opened.has(index) }
    const failure = await openOne(parts, method, attempt)
    if (failure !== undefined) failures.push(failure)
  }

  /** @returns whether the part counts; one that is open already, or too late, is wiped */
  const accept = (record: PartRecord): boolean => {
    const counts = !tasks.signal.aborted && opened.size < needed && !opened.has(record.index)
    if (counts) opened.set(record.index, record)
    else wipe(record.share)
    return counts
  }

  try {
    const queue = orderOf(methods)
    for (;;) {
      throwIfAborted(signal)
      if (opened.size >= needed) return [...opened.values()]
      const [next] = queue
      const active = tasks.active()
      const slots = next?.asks ? 1 : needed - opened.size
      if (next !== undefined && active < slots) {
        queue.shift()
        const patience = next.asks ? PATIENCE_MS.asking : PATIENCE_MS.silent
        tasks.start(openBy(next), patience)
      } else if (tasks.pending() > 0) await tasks.change()
      else throw missing(needed, opened, failures)
    }
  } catch (error) {
    for (const { share } of opened.values()) wipe(share)
    throw error
  } finally {
    tasks.end()
  }
}

function missing(needed: number, opened: Map<number, PartRecord>, failures: readonly PartFailure[]): MpcError {
  return new PartsMissingError(
    needed,
    [...opened.keys()].sort((a, b) => a - b),
    [...failures].sort((a, b) => a.position - b.position),
  )
}

interface Attempt extends Omit<Queued, 'method'> {
  readonly work: PartWork & { readonly signal: AbortSignal }
  /** Takes a record, unless its part is open already. */
  readonly accept: (record: PartRecord) => boolean
  readonly isOpen: (index: number) => boolean
}

/** Opens one part by a method. @returns why it could not */
async function openOne(parts: readonly Part[], method: BackupKeys, attempt: Attempt): Promise<PartFailure | undefined> {
  const { work, name, position, accept, isOpen } = attempt
  const failures: PartFailure[] = []
  for (const { indices, open } of waysOf(parts, method, attempt)) {
    if (work.signal.aborted || indices.some(isOpen)) continue
    try {
      const record = await withCode('DECRYPT_FAILED', 'the method failed', open)
      const { index } = record
      if (accept(record)) return undefined
      throw new MpcError('DECRYPT_FAILED', `part ${index} was opened by another method`)
    } catch (error) {
      failures.push({ position, method: name, parts: indices, error: error as MpcError })
      if (!isMpcError(error, ...NEXT_PART_AFTER)) break
    }
  }
  const error = new MpcError('DECRYPT_FAILED', 'there is no part for this method that is not open')
  return mostTellingFailure(failures) ?? { position, method: name, parts: [], error }
}

interface Way {
  /** The part that it opens, if that is known. */
  readonly indices: readonly number[]
  readonly open: () => Promise<PartRecord>
}

function waysOf(parts: readonly Part[], method: BackupKeys, { work, name, isHanded, alike }: Attempt): readonly Way[] {
  if (isHanded) {
    return [{ indices: [], open: async () => readRecord(await method.handedPart?.({ signal: work.signal }), parts) }]
  }
  const own = parts.filter((part) => part.method === name)
  // If there is a method for each, they may well be in the order in which they sealed: no other is asked in vain.
  const first = alike.count === own.length ? alike.before : 0
  return [...own.slice(first), ...own.slice(0, first)].map((part) => ({
    indices: [part.index],
    open: () => openPartFile(part, parts, method, work),
  }))
}

/** @param given of a method, and secret: it is wiped */
function readRecord(given: Uint8Array | undefined, parts: readonly Part[]): PartRecord {
  // Not in a class of the method's: a slice of a Buffer is no copy.
  const bytes = abytes(given, undefined, 'what handedPart gives')
  try {
    return decodePartRecord(bytes, parts)
  } finally {
    wipe(bytes, given)
  }
}

interface Queued {
  readonly method: BackupKeys
  readonly name: BackupMethodName
  /** Its index among the methods given. */
  readonly position: number
  /** Whether it brings an open part. */
  readonly isHanded: boolean
  /** Whether it asks the user. */
  readonly asks: boolean
  /** How many of its name were given that bring none, and how many of them before it. */
  readonly alike: { readonly count: number; readonly before: number }
}

/** Those that were handed over, those that ask nobody, and the rest, each in the order in which they were given. */
function orderOf(methods: readonly BackupKeys[]): Queued[] {
  const each = methods.map((method, position) => {
    const { name } = method
    const isHanded = method.handedPart !== undefined
    return { method, name, position, isHanded, asks: ASKING.includes(name) }
  })
  const queue = each.map((one) => {
    const alike = each.filter(({ name, isHanded }) => name === one.name && !isHanded)
    const before = alike.filter(({ position }) => position < one.position).length
    return { ...one, alike: { count: alike.length, before } }
  })
  const rank = ({ isHanded, asks }: Queued) => (asks ? 2 : isHanded ? 0 : 1)
  return queue.sort((a, b) => rank(a) - rank(b) || a.position - b.position)
}
