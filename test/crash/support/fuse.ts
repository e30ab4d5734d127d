/** What is thrown where a process would have ended. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Where a process passes by on its way, and where it ends. */
export interface Fuse {
  /** The points that were passed, in order; the last one is where it burnt, if it did. */
  readonly points: readonly string[]
  readonly burnt: boolean
  /** @throws {Crash} at the point where the process ends, and from then on */
  pass(point: string): void
  /** @throws {Crash} if the process has ended */
  check(): void
}

/** A fuse that burns at the `last`-th point, counted from 1; never unless given. */
export function createFuse(last = Number.POSITIVE_INFINITY): Fuse {
  const points: string[] = []
  let burnt = false
  const check = () => {
    if (burnt) throw new Crash(`the process ended at ${points.at(-1)}`)
  }
  return {
    points,
    get burnt() {
      return burnt
    },
    check,
    pass(point) {
      check()
      points.push(point)
      burnt = points.length >= last
      check()
    },
  }
}

/** Where messages pass by, one of which meets with trouble; everything goes on after it. */
export interface Snare {
  readonly points: readonly string[]
  /** The point that met with trouble, if any has. */
  readonly sprung: string | undefined
  /** Whether trouble meets this one. */
  catches(point: string): boolean
}

/** A snare for the `last`-th point, counted from 1; for none unless given. */
export function createSnare(last = Number.POSITIVE_INFINITY): Snare {
  const points: string[] = []
  let sprung: string | undefined
  return {
    points,
    get sprung() {
      return sprung
    },
    catches(point) {
      points.push(point)
      if (points.length !== last) return false
      sprung = point
      return true
    },
  }
}
