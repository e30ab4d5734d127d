import type { World } from './world.ts'

/** In which call a custodian fails, in which of them, and during what. */
export type Fault = [call: 'store' | 'fetch' | 'delete', nth: number, work: () => Promise<void>]

/** Runs `work` with a custodian that fails in one of its calls. */
export async function duringFault({ custodian }: World, failure: Error, ...[call, nth, work]: Fault): Promise<void> {
  let calls = 0
  custodian.fault = (name) => {
    if (name === call && ++calls === nth) throw failure
  }
  try {
    await work()
  } finally {
    custodian.fault = () => undefined
  }
}
