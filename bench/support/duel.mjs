// @ts-check
/**
 * @typedef {import('../../dist/protocol/session/session.js').Session<unknown>} Session
 * @typedef {{ compute: number[], messages: number[], bytes: number[], results: unknown[] }} Duel
 *   compute in milliseconds, envelopes and bytes sent, each by party
 */

/**
 * Runs two sessions against each other in one process, the first one opening, and takes the time of each party alone.
 *
 * @param {[() => Session, () => Session]} open
 * @returns {Duel}
 */
export function duel(open) {
  /** @type {Duel} */
  const duel = { compute: [0, 0], messages: [0, 0], bytes: [0, 0], results: [undefined, undefined] }
  /** @template T @param {number} party @param {() => T} work */
  const timed = (party, work) => {
    const start = performance.now()
    const result = work()
    duel.compute[party] = (duel.compute[party] ?? 0) + performance.now() - start
    return result
  }
  const sessions = open.map((one, party) => timed(party, one))
  /** @param {number} party @param {import('../../dist/protocol/session/session.js').Step<unknown>} step */
  const take = (party, step) => {
    if (step.done !== undefined) duel.results[party] = step.done
    for (const envelope of step.out) {
      duel.messages[party] = (duel.messages[party] ?? 0) + 1
      duel.bytes[party] = (duel.bytes[party] ?? 0) + envelope.length
    }
    return step.out
  }
  const flight = sessions.map((session, party) =>
    take(
      party,
      timed(party, () => session.start()),
    ),
  )
  let turn = 1
  while (flight.some((out) => out.length > 0)) {
    const [to, from] = [turn, 1 - turn]
    const session = /** @type {Session} */ (sessions[to])
    const arriving = flight[from] ?? []
    flight[from] = []
    if (arriving.length > 0 && duel.results[to] === undefined) {
      const step = timed(to, () => {
        for (const envelope of arriving) session.receive(envelope)
        return session.advance()
      })
      flight[to] = [...(flight[to] ?? []), ...take(to, step)]
    }
    turn = from
  }
  if (duel.results.includes(undefined)) throw new Error('a session did not end')
  return duel
}
