// @ts-check
// How long a page in Chromium does not react: the tasks of its main thread, as Chromium traces them.

/** @typedef {{ ph: string, pid: number, tid: number, name: string, tdur?: number, args?: { name?: string } }} TraceEvent */

const CATEGORIES = ['toplevel', 'disabled-by-default-devtools.timeline']

/**
 * Begins to trace a page.
 *
 * @param {import('playwright').Browser} browser
 * @param {import('playwright').Page} page
 */
export async function traceOf(browser, page) {
  await browser.startTracing(page, { categories: CATEGORIES })
  return {
    /** Ends it. @returns the CPU time of the longest task, so that a busy machine makes none longer */
    async longestTaskMs() {
      const { traceEvents } = JSON.parse((await browser.stopTracing()).toString())
      const events = /** @type {TraceEvent[]} */ (traceEvents)
      const threadOf = (/** @type {TraceEvent} */ { pid, tid }) => `${pid} ${tid}`
      const named = events.filter(({ ph, args }) => ph === 'M' && args?.name === 'CrRendererMain')
      const mains = new Set(named.map(threadOf))
      const tasks = events.filter((event) => /RunTask$/.test(event.name) && mains.has(threadOf(event)))
      if (tasks.length === 0) throw new Error('the trace has no task of a page')
      return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000
    },
  }
}
