import type { Database } from '../../../src/service/database/types.ts'
import type { SeededRandom } from '../../support/random.ts'

/** How often a process is killed at one of its statements. */
const ONE_IN = 25

/** A process that shares the databases with others. */
export type Process = (databaseOf: (database: Database) => Database) => Promise<unknown>

/**
 * Runs processes at the same time, of which one at a time runs one statement or transaction, in a random order. Some are killed.
 *
 * @param between called whenever none of them is at work
 */
export async function takeRandomTurns(
  random: SeededRandom,
  processes: readonly Process[],
  between: () => Promise<void>,
): Promise<void> {
  const waiting: (() => void)[] = []
  let working = processes.length
  let idle = () => {}
  const stop = () => {
    working -= 1
    if (working === 0) idle()
  }
  const gate = () =>
    new Promise<void>((go) => {
      waiting.push(go)
      stop()
    })
  const start = async (process: Process) => {
    let killed = false
    const turn = async () => {
      if (!killed) await gate()
      killed ||= random.int(1, ONE_IN) === 1
      if (killed) throw new Error('the process was killed')
    }
    const gated = (database: Database): Database => ({
      ...database,
      query: async (sql, parameters) => {
        await turn()
        return database.query(sql, parameters)
      },
      transaction: async (work, isolation) => {
        await turn()
        return database.transaction(work, isolation)
      },
    })
    await process(gated).catch(() => undefined)
    stop()
  }
  const all = processes.map(start)
  for (;;) {
    if (working > 0) await new Promise<void>((resolve) => (idle = resolve))
    await between()
    if (waiting.length === 0) break
    const [next] = waiting.splice(random.int(0, waiting.length - 1), 1)
    working += 1
    next?.()
  }
  await Promise.all(all)
}
