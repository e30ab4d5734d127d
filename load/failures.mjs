// @ts-check

/** Errors by what they say, without what differs from one to the next. */
export function createFailures() {
  /** @type {Record<string, number>} */
  let counts = {}
  return {
    /** @param {unknown} error */
    add(error) {
      const name = describe(error)
      counts[name] = (counts[name] ?? 0) + 1
    },
    take() {
      const taken = counts
      counts = {}
      return taken
    },
  }
}

/** @param {unknown} error @returns {string} */
export function describe(error) {
  if (!(error instanceof Error)) return String(error)
  const { code } = /** @type {{ code?: unknown }} */ (error)
  const text = `${typeof code === 'string' ? `${code}: ` : ''}${error.message}`.replace(/[0-9a-f]{16,}|\d{4,}/g, '…')
  return error.cause === undefined ? text : `${text} < ${describe(error.cause)}`
}

/** @param {Record<string, number>} into @param {Record<string, number>} from */
export function addCounts(into, from) {
  for (const [name, count] of Object.entries(from)) into[name] = (into[name] ?? 0) + count
}
