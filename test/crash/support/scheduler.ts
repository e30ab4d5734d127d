import { AsyncLocalStorage } from 'node:async_hooks'

/** One of the two that run at the same time. */
export type Actor = 0 | 1

/** Who starts, and after how many steps, or before which point, each turn ends; the last one goes on to its end. */
export interface Schedule {
  readonly first: Actor
  readonly turns: readonly (number | string)[]
}

/** How a run went. */
export interface Course {
  /** What each of the two ended with. */
  readonly outcomes: readonly [PromiseSettledResult<unknown>, PromiseSettledResult<unknown>]
  /** Every step, with its actor, in order. */
  readonly trace: readonly string[]
}

/** Runs two actions of which one moves at a time, from gate to gate, in the order that a schedule says. */
export interface Scheduler {
  /** Who is running; undefined for whoever is neither. */
  actor(): Actor | undefined
  /** Waits for the actor's turn. Whoever is neither of the two, or has ended, passes. */
  gate(point: string): Promise<void>
  /** Runs `work` when nobody else holds the name: while one waits for the other, only the other moves. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Lets the actor wait for what the other gives it. */
  until<T>(given: Promise<T>): Promise<T>
  /** @param onTurn told when a turn ends before its actor does */
  run(schedule: Schedule, actions: readonly Action[], onTurn?: () => void): Promise<Course>
}

type Action = () => Promise<unknown>

interface Parked {
  readonly point: string
  release(): void
}

interface Thread {
  readonly parked: Parked[]
  ended: boolean
}

export function createScheduler(): Scheduler {
  const running = new AsyncLocalStorage<Actor>()
  const held = new Map<string, Promise<unknown>>()
  let threads: readonly [Thread, Thread] = [newThread(), newThread()]
  let trace: string[] = []
  let moved = () => {}
  const nextMove = () => new Promise<void>((resolve) => (moved = resolve))

  const gate = async (point: string): Promise<void> => {
    const actor = running.getStore()
    if (actor === undefined || threads[actor].ended) return
    await new Promise<void>((resolve) => {
      const release = () => {
        trace.push(`${actor} ${point}`)
        resolve()
      }
      threads[actor].parked.push({ point, release })
      moved()
    })
  }

  const until = async <T>(given: Promise<T>): Promise<T> => {
    if (running.getStore() === undefined) return given
    moved()
    const value = await given
    await gate('goes on')
    return value
  }

  const start = async (actor: Actor, action: Action): Promise<unknown> => {
    try {
      return await running.run(actor, async () => {
        await gate('start')
        return action()
      })
    } finally {
      threads[actor].ended = true
      for (const { release } of threads[actor].parked.splice(0)) release()
      moved()
    }
  }

  /** One step: until the actor is at its next gate, waits for the other, or has ended. */
  const step = async (thread: Thread): Promise<void> => {
    const { release } = thread.parked.shift()!
    // Another branch of the same actor is at a gate already: nothing more is needed to go on.
    const move = thread.parked.length > 0 ? Promise.resolve() : nextMove()
    release()
    await move
  }

  return {
    actor: () => running.getStore(),
    gate,
    until,

    async exclusively(name, work) {
      const before = held.get(name)
      const mine = before === undefined ? work() : until(before).then(work)
      const ended = mine.catch(() => undefined)
      held.set(name, ended)
      try {
        return await mine
      } finally {
        if (held.get(name) === ended) held.delete(name)
      }
    },

    async run({ first, turns }, actions, onTurn = () => {}) {
      threads = [newThread(), newThread()]
      trace = []
      const both = Promise.allSettled(actions.map((action, i) => start(i as Actor, action)))
      let turn = first
      let ended = 0
      for (let steps = 0; !threads.every((thread) => thread.ended);) {
        const end = turns[ended]
        const isOver = typeof end === 'string' ? threads[turn].parked[0]?.point === end : steps === end
        if (isOver && threads[other(turn)].parked.length > 0) {
          turn = other(turn)
          ended++
          steps = 0
          onTurn()
        }
        const able = [turn, other(turn)].find((actor) => threads[actor].parked.length > 0)
        if (able === undefined) await nextMove()
        else {
          if (able !== turn) steps = 0
          turn = able
          steps++
          await step(threads[able])
        }
      }
      const [one, two] = await both
      return { outcomes: [one!, two!], trace }
    },
  }
}

function newThread(): Thread {
  return { parked: [], ended: false }
}

function other(actor: Actor): Actor {
  return actor === 0 ? 1 : 0
}
