import { deviceSteps, endingSteps, settlingSteps } from './device-steps.ts'
import type { Model } from './explore.ts'
import { wrongAtRest, wrongNow } from './invariants.ts'
import { deliveries, destroyingSteps, signingSteps, sweepingSteps } from './server-steps.ts'
import { initialState, type Bounds, type Operation, type Rules, type State, type Step } from './state.ts'

interface Move {
  readonly name: string
  readonly next: State
  /** Whether it is taken on the way to rest, with no more faults. */
  readonly settles: boolean
  /** Whether it is a message, which may come twice in a row. */
  readonly repeats?: (state: State) => void
}

/** The model, and for each state the one that follows where nothing more goes wrong; none where all is at rest. */
export function lifeCycle(
  operations: readonly Operation[],
  rules: Rules,
  bounds: Bounds,
): Model<State> & { readonly settling: ReadonlyMap<string, string> } {
  const settling = new Map<string, string>()
  const known = new WeakMap<State, Move[]>()

  /** What changes something, the steps on the way to rest first. */
  function movesOf(state: State): Move[] {
    const before = known.get(state)
    if (before !== undefined) return before
    const text = JSON.stringify(state)
    const moves: Move[] = []
    const collect = (steps: readonly Step[], settles: (name: string) => boolean, repeats: boolean) => {
      for (const [name, run] of steps) {
        const next = JSON.parse(text) as State
        run(next)
        const nextText = JSON.stringify(next)
        if (nextText === text) continue
        moves.push({ name, next, settles: settles(name), ...(repeats && { repeats: run }) })
        if (settles(name) && !settling.has(text)) settling.set(text, nextText)
      }
    }
    collect(deliveries(state, operations, rules), () => true, true)
    // On the way to rest nothing new is begun.
    collect(deviceSteps(state, operations, rules), (name) => !/: begin/.test(name), false)
    collect(destroyingSteps(state), () => true, false)
    collect(settlingSteps(state, operations, rules), () => true, false)
    collect(sweepingSteps(state, operations, rules), () => true, false)
    collect([...signingSteps(state, rules), ...endingSteps(state, bounds)], () => false, false)
    known.set(state, moves)
    return moves
  }

  return {
    initial: initialState(),
    settling,
    steps: (state) => movesOf(state).map(({ name, next }) => [name, next] as const),
    problem: (state) => {
      const moves = movesOf(state)
      const atRest = moves.every(({ settles }) => !settles)
      return wrongNow(state) ?? wrongAfterRepeat(moves) ?? (atRest ? wrongAtRest(state) : undefined)
    },
  }
}

/** A message that comes twice in a row does what it does once. */
function wrongAfterRepeat(moves: readonly Move[]): string | undefined {
  for (const { name, next, repeats } of moves) {
    if (repeats === undefined) continue
    const once = JSON.stringify(next)
    const twice = JSON.parse(once) as State
    repeats(twice)
    if (JSON.stringify(twice) !== once) return `${name} does something else the second time`
  }
  return undefined
}
