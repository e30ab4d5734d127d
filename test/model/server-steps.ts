import { add, isUsable, remove, type Operation, type Rules, type ServerSet, type State, type Step } from './state.ts'

/** What the server and the custodian do with each message that has come; each may come again. */
export function deliveries({ sent }: State, operations: readonly Operation[], rules: Rules): Step[] {
  const list: Step[] = []
  const on = (message: string, run: (state: State) => void) => {
    if (sent.includes(message)) list.push([`server: ${message}`, run])
  }
  for (const operation of operations) {
    const { makes: id, kind, source } = operation
    const decided = (state: State) => state.decisions[id]?.[0]
    const decide = (state: State, decision: 'COMMIT' | 'ABORT') => (state.decisions[id] ??= []).push(decision)

    on(`begin ${id}`, (state) => {
      if (state.server[id] === undefined && decided(state) === undefined && isUsable(state.server[source])) {
        state.server[id] = { state: 'PREPARED', half: true, proven: false, retires: [] }
      }
      if (state.server[id]?.state === 'PREPARED') add(state.sent, `dealt ${id}`)
    })
    on(`final ${id}`, (state) => {
      const set = state.server[id]
      const waits = kind === 'backup' && !state.sent.includes(`kept ${id}`)
      if (decided(state) === undefined && set?.state === 'PREPARED' && isUsable(state.server[source])) {
        if (waits) return add(state.sent, `keep ${id}`)
        decide(state, 'COMMIT')
        set.state = kind === 'backup' ? 'COMMITTED' : 'ACTIVE'
        planRetirements(state, operation)
        if (!rules.retiresAfterProof) retire(state, id)
        if (kind === 'backup' && !rules.keepsOldBackupUntilConfirmed) supersede(state, id)
      }
      const decision = decided(state)
      if (decision !== undefined) add(state.sent, `${decision} ${id}`)
    })
    on(`abort ${id}`, (state) => {
      abort(state, id, rules)
      add(state.sent, `${decided(state)} ${id}`)
    })
    on(`keep ${id}`, (state) => {
      add(state.custodian, id)
      add(state.sent, `kept ${id}`)
    })
    on(`prove ${id}`, (state) => {
      const set = state.server[id]
      if (set?.state !== 'ACTIVE') return
      set.proven = true
      retire(state, id)
      add(state.sent, `proved ${id}`)
    })
    on(`confirm ${id}`, (state) => {
      const set = state.server[id]
      if (set?.state !== 'COMMITTED') return
      set.state = 'ACTIVE'
      supersede(state, id)
    })
  }
  return list
}

function planRetirements({ server }: State, { makes: id, kind, source }: Operation): void {
  const set = server[id] as ServerSet
  if (kind === 'retire') {
    add(
      set.retires,
      ...Object.keys(server).filter((old) => old !== id && old.startsWith('S') && server[old]?.state === 'ACTIVE'),
    )
  } else if (kind === 'refresh') {
    // Refreshing does not escape a retirement that waits for its proof.
    for (const heir of Object.values(server)) if (heir.retires.includes(source) && !heir.proven) add(heir.retires, id)
    add(set.retires, source)
  }
}

function retire({ server }: State, id: string): void {
  for (const old of (server[id] as ServerSet).retires) {
    const set = server[old]
    if (set?.state === 'ACTIVE') set.state = 'RETIRING'
  }
}

function supersede({ server, custodian }: State, id: string): void {
  for (const [old, set] of Object.entries(server)) {
    if (old === id || !old.startsWith('B') || set.state !== 'ACTIVE') continue
    set.state = 'DESTROYED'
    set.half = false
    remove(custodian, old)
  }
}

function abort(state: State, id: string, rules: Rules): void {
  if (state.decisions[id] !== undefined && rules.decidesOnce) return
  ;(state.decisions[id] ??= []).push('ABORT')
  const set = state.server[id]
  if (set === undefined || set.state === 'ABORTED') return
  set.state = 'ABORTED'
  set.half = false
}

/** What the server does by itself, in the end. */
export function sweepingSteps({ server, decisions }: State, operations: readonly Operation[], rules: Rules): Step[] {
  const most = rules.decidesOnce ? 0 : 1
  const overdue = operations.filter(
    ({ makes }) => server[makes] !== undefined && (decisions[makes]?.length ?? 0) <= most,
  )
  return overdue.map(({ makes: id }) => [`server: time-out of ${id}`, (next) => abort(next, id, rules)] as const)
}

export function destroyingSteps({ server }: State): Step[] {
  return Object.entries(server).flatMap(([id, { state }]): Step[] =>
    state !== 'RETIRING'
      ? []
      : [
          [
            `server: destroy ${id}`,
            (next) => Object.assign(next.server[id] as ServerSet, { state: 'DESTROYED', half: false }),
          ],
        ],
  )
}

export function signingSteps({ devices, server, signed }: State, rules: Rules): Step[] {
  return Object.values(devices).flatMap(({ shares, unwritten }) =>
    [...shares, ...unwritten].flatMap((id): Step[] => {
      const set = server[id]
      const signs = set?.half === true && (set.state === 'ACTIVE' || !rules.signsActiveOnly)
      const entry = `${id} while ${set?.state}`
      // What it signed in a state in which it may is no news.
      if (!signs || set.state === 'ACTIVE' || signed.includes(entry)) return []
      return [[`server: sign with ${id}`, (next) => add(next.signed, entry)]]
    }),
  )
}
