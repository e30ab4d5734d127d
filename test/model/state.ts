// The life cycle of sets (docs/protocol.md, "Prepare, decide, learn, prove, retire") with the cryptography left out.
// Messages are never taken away, so that each may be lost, repeated, delayed and reordered at will. Whoever ends keeps
// what is durable and forgets the rest; a server that ends between two transactions is an answer that is lost.

/** S0 is the wallet's set on device A and B0 its backup; every operation makes the set that it is named by. */
export interface Operation {
  readonly makes: string
  readonly kind: 'refresh' | 'keep' | 'retire' | 'backup'
  readonly device: 'A' | 'B'
  readonly source: string
}

export type ServerState = 'PREPARED' | 'COMMITTED' | 'ACTIVE' | 'RETIRING' | 'DESTROYED' | 'ABORTED'

export interface ServerSet {
  state: ServerState
  half: boolean
  proven: boolean
  retires: string[]
}

export interface Device {
  /** Shares on the disk, by set. */
  shares: string[]
  /** What the disk says of them. */
  record: Record<string, 'PREPARED' | 'OWES PROOF' | 'ACTIVE' | 'RETIRED'>
  /** How far the running process is with each operation; forgotten when it ends. */
  doing: Record<string, 'asked' | 'written' | 'noted' | 'waiting' | 'stored'>
  /** Shares that are in memory alone. */
  unwritten: string[]
  started: string[]
  ends: number
  wiped: boolean
}

export interface State {
  server: Record<string, ServerSet>
  /** Every decision that was ever recorded. */
  decisions: Record<string, ('COMMIT' | 'ABORT')[]>
  /** Sets whose share the custodian holds. */
  custodian: string[]
  /** Backups whose cipherText the app has stored. */
  cipherTexts: string[]
  devices: Record<'A' | 'B', Device>
  sent: string[]
  /** Every signature: the set and its state at the server. */
  signed: string[]
}

/** Each rule that a planted bug breaks. */
export interface Rules {
  readonly writesBeforeLastMessage: boolean
  readonly retiresAfterProof: boolean
  readonly keepsOldShares: boolean
  readonly decidesOnce: boolean
  readonly signsActiveOnly: boolean
  readonly keepsOldBackupUntilConfirmed: boolean
  readonly asksBeforeActivating: boolean
}

export const SOUND: Rules = {
  writesBeforeLastMessage: true,
  retiresAfterProof: true,
  keepsOldShares: true,
  decidesOnce: true,
  signsActiveOnly: true,
  keepsOldBackupUntilConfirmed: true,
  asksBeforeActivating: true,
}

export interface Bounds {
  /** How often each device's process may end. */
  readonly ends: number
  /** Whether device B may lose all that it stores. */
  readonly wipes: boolean
}

export type Step = readonly [name: string, run: (state: State) => void]

export function initialState(): State {
  const live = (): ServerSet => ({ state: 'ACTIVE', half: true, proven: true, retires: [] })
  const device = (): Device => ({
    shares: [],
    record: {},
    doing: {},
    unwritten: [],
    started: [],
    ends: 0,
    wiped: false,
  })
  return {
    server: { S0: live(), B0: live() },
    decisions: {},
    custodian: ['B0'],
    cipherTexts: ['B0'],
    devices: { A: { ...device(), shares: ['S0'], record: { S0: 'ACTIVE' } }, B: device() },
    sent: [],
    signed: [],
  }
}

/** Adds to a sorted list, so that the order of arrival makes no new state. */
export function add(list: string[], ...items: string[]): void {
  for (const item of items) if (!list.includes(item)) list.push(item)
  list.sort()
}

export function remove(list: string[], item: string): void {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
}

export const isUsable = (set: ServerSet | undefined) => set?.state === 'ACTIVE' || set?.state === 'COMMITTED'
