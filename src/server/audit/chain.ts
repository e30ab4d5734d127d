import { equalBytes, fromHex, isHex, toHex } from '../../util/bytes.ts'
import { type AuditEntry, entryHash, GENESIS } from './entry.ts'
import { newHistory, applyEntry, type SetHistory } from './history.ts'
import type { StoredEntry } from './pages.ts'

/** How a log can be broken. */
export type AuditBreakReason =
  /** An entry, or the stored head of a chain, was changed. */
  | 'ALTERED'
  /** An entry is missing. */
  | 'MISSING'
  /** A chain ends before a known head. */
  | 'TRUNCATED'
  /** An event of a set is impossible in the state that it was in. */
  | 'IMPOSSIBLE'
  /** A set is missing or not in the state that the log says. */
  | 'DISAGREES'
  /** A set is not in the log. */
  | 'UNLOGGED'

/** One place where the audit log, or its agreement with the sets, is broken. */
export interface AuditBreak {
  /** How the log is broken. */
  readonly reason: AuditBreakReason
  /** The client whose chain is broken; empty for the server's own. */
  readonly clientId: string
  /** The first broken entry; 0 if it is not about an entry. */
  readonly sequence: number
  /** A description for people. */
  readonly message: string
}

/** The end of a client's chain. With a stored head, a chain that was truncated or rewritten is detected. */
export interface AuditHead {
  /** Empty for the server's own chain. */
  readonly clientId: string
  /** The number of the last entry, from 1. */
  readonly sequence: number
  /** 32 bytes in lower-case hex */
  readonly hash: string
}

/** @throws {TypeError} unless they are heads */
export function assertHeads(heads: unknown): asserts heads is readonly AuditHead[] {
  if (Array.isArray(heads) && heads.every(isHead)) return
  throw new TypeError('heads must be a list of { clientId, sequence, hash }')
}

function isHead(head: Partial<AuditHead> | null): boolean {
  if (typeof head?.clientId !== 'string' || typeof head.hash !== 'string') return false
  return Number.isSafeInteger(head.sequence) && isHex(head.hash, 32)
}

/** Verifies one chain from its start. */
export class ChainReader {
  readonly clientId: string
  /** What the log says about each set, by its id. */
  readonly sets = new Map<string, SetHistory>()
  /** The devices in the log, by id, and whether they are revoked. */
  readonly devices = new Map<string, boolean>()
  /** The first break of the chain. */
  broken: AuditBreak | undefined
  /** Whether the client has left for another database: its sets and devices are there. */
  departed = false
  sequence = 0
  hash: Uint8Array = GENESIS
  readonly #key: Uint8Array
  readonly #known: readonly AuditHead[]
  #epoch = 0

  /** @param known heads of this chain from earlier reports */
  constructor(clientId: string, key: Uint8Array, known: readonly AuditHead[]) {
    this.clientId = clientId
    this.#key = key
    this.#known = known
  }

  /** Reads the next entry; entries after the first break are ignored. */
  read({ hash: stored, ...entry }: StoredEntry): void {
    if (this.broken !== undefined) return
    const { sequence, setId, event } = entry
    if (sequence !== this.sequence + 1) return this.break('MISSING', this.sequence + 1, 'the entry is not there')
    const hash = this.#hash(entry)
    if (hash === undefined || !equalBytes(hash, stored)) {
      return this.break('ALTERED', sequence, 'the hash of the entry does not match its fields and the previous hash')
    }
    const isOther = (head: AuditHead) => head.sequence === sequence && !equalBytes(hash, fromHex(head.hash))
    if (this.#known.some(isOther)) {
      return this.break('ALTERED', sequence, 'the chain was different when its head was stored')
    }
    this.sequence = sequence
    this.hash = hash
    if (entry.epoch < this.#epoch && event !== 'arrived') {
      return this.break('IMPOSSIBLE', sequence, 'the entry is of an earlier epoch than the one before')
    }
    this.#epoch = entry.epoch
    const comes = event === 'arrived' || event === 'returned'
    if (this.departed !== comes) {
      const message = comes ? 'the client comes without having left' : 'something happened after the client had left'
      return this.break('IMPOSSIBLE', sequence, message)
    }
    this.departed = event === 'departed'
    // Epochs are those of a database. Its bans are in the log again, after the arrival.
    if (event === 'arrived') for (const history of this.sets.values()) history.bannedIn = undefined
    if (event === 'deviceAdded' || event === 'deviceRevoked') {
      this.devices.set(entry.detail, event === 'deviceRevoked')
    }
    if (setId === '') return
    const history = this.sets.get(setId) ?? newHistory()
    this.sets.set(setId, history)
    if (!applyEntry(history, entry)) {
      this.break('IMPOSSIBLE', sequence, `set ${setId} cannot have been ${event} then`)
    }
  }

  /** Undefined if a field has a value that is never written, such as an infinite time. */
  #hash(entry: AuditEntry): Uint8Array | undefined {
    try {
      return entryHash(this.#key, this.hash, entry)
    } catch {
      return undefined
    }
  }

  get head(): AuditHead {
    return { clientId: this.clientId, sequence: this.sequence, hash: toHex(this.hash) }
  }

  /** Compares the end with the stored head and earlier heads. @param head the stored one */
  end(head: AuditHead | undefined): void {
    for (const { sequence } of this.#known) {
      if (sequence > this.sequence) return this.break('TRUNCATED', this.sequence + 1, `entry ${sequence} was known`)
    }
    if ((head?.sequence ?? 0) > this.sequence) return this.break('MISSING', this.sequence + 1, 'the entry is not there')
    if (head === undefined ? this.sequence > 0 : !equalBytes(fromHex(head.hash), this.hash)) {
      this.break('ALTERED', this.sequence, 'the stored head does not match the last entry')
    }
  }

  break(reason: AuditBreakReason, sequence: number, message: string): void {
    this.broken ??= { reason, clientId: this.clientId, sequence, message }
  }
}
