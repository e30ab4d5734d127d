/** A system as states and steps between them. A state is plain JSON, whose text is its identity. */
export interface Model<S> {
  readonly initial: S
  /** Every step that is possible in a state, with the state that follows. */
  steps(state: S): Iterable<readonly [step: string, next: S]>
  /** What is wrong with a state; undefined if nothing is. */
  problem(state: S): string | undefined
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** The shortest way to a state that is wrong. */
  readonly violation?: { readonly problem: string; readonly trace: readonly string[] }
}

/** Visits every state that can be reached, nearest first, until one is wrong. */
export function explore<S>({ initial, steps, problem }: Model<S>): Exploration {
  const start = JSON.stringify(initial)
  const cameBy = new Map<string, readonly [from: string, step: string] | undefined>([[start, undefined]])
  // A Map iterates in the order of insertion, what is inserted meanwhile included: it is the queue too.
  let transitions = 0
  for (const text of cameBy.keys()) {
    const state = JSON.parse(text) as S
    const found = problem(state)
    if (found !== undefined) {
      return { states: cameBy.size, transitions, violation: { problem: found, trace: traceTo(cameBy, text) } }
    }
    for (const [step, next] of steps(state)) {
      transitions++
      const key = JSON.stringify(next)
      if (!cameBy.has(key)) cameBy.set(key, [text, step])
    }
  }
  return { states: cameBy.size, transitions }
}

function traceTo(cameBy: ReadonlyMap<string, readonly [string, string] | undefined>, end: string): string[] {
  const trace: string[] = []
  for (let at = cameBy.get(end); at !== undefined; at = cameBy.get(at[0])) trace.unshift(at[1])
  return trace
}
