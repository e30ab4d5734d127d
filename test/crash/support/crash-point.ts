/** What is thrown where a process would have ended. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/** Where a process passes by on its way, and where it ends. */
export interface CrashPoint {
  /** The points that were passed, in order; the last one is where it has ended, if it has. */
  readonly points: readonly string[]
  readonly reached: boolean
  /** @throws {Crash} at the point where the process ends, and from then on */
  pass(point: string): void
  /** @throws {Crash} if the process has ended */
  check(): void
}

/** A crash at the `last`-th point, counted from 1; never unless given. */
export function createCrashPoint(last = Number.POSITIVE_INFINITY): CrashPoint {
  const points: string[] = []
  let reached = false
  const check = () => {
    if (reached) throw new Crash(`the process ended at ${points.at(-1)}`)
  }
  return {
    points,
    get reached() {
      return reached
    },
    check,
    pass(point) {
      check()
      points.push(point)
      reached = points.length >= last
      check()
    },
  }
}

/** Where messages pass by, one of which meets with trouble; everything goes on after it. */
export interface FaultInjector {
  readonly points: readonly string[]
  /** The point that met with trouble, if any has. */
  readonly injectedAt: string | undefined
  /** Whether trouble meets this one. */
  catches(point: string): boolean
}

/** A fault at the `last`-th point, counted from 1; for none unless given. */
export function createFaultInjector(last = Number.POSITIVE_INFINITY): FaultInjector {
  const points: string[] = []
  let injectedAt: string | undefined
  return {
    points,
    get injectedAt() {
      return injectedAt
    },
    catches(point) {
      points.push(point)
      if (points.length !== last) return false
      injectedAt = point
      return true
    },
  }
}
