// @ts-check
// Calls between this process and one that it has forked.

/**
 * @typedef {object} Peer
 * @property {import('node:child_process').ChildProcess} child
 * @property {(name: string, argument?: unknown) => Promise<any>} call
 */

/** @param {import('node:child_process').ChildProcess} child @returns {Peer} */
export function createPeer(child) {
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */
  const waiting = new Map()
  let last = 0
  child.on('message', (/** @type {any} */ message) => {
    const call = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) call?.resolve(message.result)
    else call?.reject(new Error(message.error))
  })
  const failAll = () => {
    for (const { reject } of waiting.values()) reject(new Error('the process has ended'))
    waiting.clear()
  }
  child.on('exit', failAll)
  child.on('disconnect', failAll)
  // A process that has just been killed cannot be told anything.
  child.on('error', () => undefined)
  return {
    child,
    call(name, argument) {
      const answer = new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error('the process has ended'))
        waiting.set(++last, { resolve, reject })
        return child.send({ id: last, name, argument })
      })
      // Of several calls that fail together only the first is waited for.
      answer.catch(() => undefined)
      return answer
    },
  }
}

/** Answers the calls of the process that has forked this one. @param {Record<string, (argument: any) => unknown>} handlers */
export function answerCalls(handlers) {
  process.on('message', (/** @type {any} */ { id, name, argument }) => {
    Promise.resolve()
      .then(() => handlers[name]?.(argument))
      .then(
        (result) => process.send?.({ id, result }),
        (error) =>
          process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
  })
  // Nobody is left to end this process.
  process.on('disconnect', () => process.exit())
}

/** What the process that has forked this one has said at its start. */
export const argument = () => JSON.parse(process.argv[2] ?? '{}')
