/** Work that goes on side by side, some of it longer than anybody waits for it. */
export interface Tasks {
  /** Aborted with the caller's signal, and at the end. */
  readonly signal: AbortSignal
  /**
   * @param work its result does not count, nor whether it rejects
   * @param patienceMs after this time the task no longer counts as active
   */
  start(work: Promise<void>, patienceMs: number): void
  /** How many have neither ended nor run out of patience. */
  active(): number
  /** How many have not ended. */
  pending(): number
  /** Resolves when one ends or runs out of patience, or the signal is aborted. At least one task must be pending. */
  change(): Promise<void>
  /** Stops the timers and aborts what is pending. */
  end(): void
}

/** Makes an empty set of tasks. */
export function createTasks(caller: AbortSignal | undefined): Tasks {
  const stop = new AbortController()
  const running = new Set<{ isActive: boolean; timer?: ReturnType<typeof setTimeout> }>()
  let wake = () => {}
  const abort = () => {
    stop.abort(caller?.reason)
    wake()
  }
  caller?.addEventListener('abort', abort, { once: true })
  return {
    signal: stop.signal,
    start(work, patienceMs) {
      const task: { isActive: boolean; timer?: ReturnType<typeof setTimeout> } = { isActive: true }
      running.add(task)
      task.timer = setTimeout(() => {
        task.isActive = false
        wake()
      }, patienceMs)
      const ended = () => {
        clearTimeout(task.timer)
        running.delete(task)
        wake()
      }
      void work.then(ended, ended)
    },
    active: () => [...running].filter(({ isActive }) => isActive).length,
    pending: () => running.size,
    change: () =>
      new Promise((resolve) => {
        wake = resolve
        if (caller?.aborted === true) resolve()
      }),
    end() {
      caller?.removeEventListener('abort', abort)
      for (const { timer } of running) clearTimeout(timer)
      stop.abort()
    },
  }
}
