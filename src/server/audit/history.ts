import type { SetState } from '../../types.ts'
import { limitsDetail, type AuditEntry } from './entry.ts'
import type { StoredSet } from './pages.ts'

/** A share set according to the log. */
export interface SetHistory {
  /** Undefined before the entry that it was prepared. */
  state: SetState | undefined
  committed: boolean
  proven: boolean
  exported: boolean
  /** The limits that it was prepared with, as `limitsDetail` writes them. */
  limits: string
  /** The epoch in which its client was last banned. */
  bannedIn: number | undefined
  /** The sets that its first proof retires. */
  replaces: readonly string[]
}

export function newHistory(): SetHistory {
  return {
    state: undefined,
    committed: false,
    proven: false,
    exported: false,
    limits: '',
    bannedIn: undefined,
    replaces: [],
  }
}

/** For each event, the states that a set may be in before it and the state after it; null for no change. */
const STEPS: Readonly<Record<string, { readonly from: readonly SetState[]; readonly to: SetState | null }>> = {
  limited: { from: ['PREPARED'], to: null },
  committed: { from: ['PREPARED'], to: null },
  activated: { from: ['PREPARED'], to: 'ACTIVE' },
  confirmed: { from: ['PREPARED'], to: 'ACTIVE' },
  proven: { from: ['ACTIVE'], to: null },
  exported: { from: ['ACTIVE'], to: null },
  retiring: { from: ['ACTIVE'], to: 'RETIRING' },
  expired: { from: ['ACTIVE'], to: 'RETIRING' },
  // A backup that another one replaces is destroyed at once.
  destroyed: { from: ['RETIRING', 'ACTIVE', 'PREPARED'], to: 'DESTROYED' },
  aborted: { from: ['PREPARED'], to: 'ABORTED' },
}

/**
 * Applies an entry about a set.
 *
 * @returns whether it is possible after the entries so far
 */
export function applyEntry(history: SetHistory, { event, detail }: AuditEntry): boolean {
  if (event === 'prepared') {
    if (history.state !== undefined) return false
    history.state = 'PREPARED'
    return true
  }
  if (event === 'limited') history.limits = detail
  if (event === 'poisoned') history.bannedIn = Number(detail)
  if (event === 'replaces') history.replaces = [...history.replaces, detail]
  const step = STEPS[event]
  if (step === undefined) return true
  if (history.state === undefined || !step.from.includes(history.state)) return false
  if (!isDecidedOnce(history, event)) return false
  history.state = step.to ?? history.state
  if (event === 'committed' || event === 'activated') history.committed = true
  if (event === 'proven' || event === 'exported') history[event] = true
  return true
}

/** An operation is decided only once: committed or aborted. */
function isDecidedOnce({ committed }: SetHistory, event: string): boolean {
  if (event === 'committed' || event === 'activated' || event === 'aborted') return !committed
  return event !== 'confirmed' || committed
}

/**
 * Finds a difference between the database and the log about a set.
 *
 * @param set as it is in the database
 * @param epoch the database's current epoch
 * @returns a description; undefined if they agree
 */
export function findDisagreement(
  history: SetHistory,
  set: Omit<StoredSet, 'setId' | 'clientId' | 'purpose' | 'device'>,
  epoch: number,
): string | undefined {
  const { state, bannedIn } = history
  if (state !== set.state) return `is ${set.state} in the database and ${String(state)} in the log`
  if (limitsDetail(set) !== history.limits) return 'has other limits in the database than in the log'
  const past = [
    ['committed', set.committedAt],
    ['proven', set.provenAt],
    ['exported', set.exportedAt],
  ] as const
  for (const [what, at] of past) {
    if ((at !== null) === history[what]) continue
    return `is ${what} in the ${at === null ? 'log' : 'database'} only`
  }
  const banned = set.poisoned === true
  if (banned && set.banLogged === true && bannedIn === undefined) return 'is banned in the database only'
  if (!banned && bannedIn === epoch && state === 'ACTIVE') return 'is banned in the log only'
  return undefined
}
