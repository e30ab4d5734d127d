import { describe, expect, test } from 'vitest'
import { explore } from './explore.ts'
import { lifeCycle } from './life-cycle.ts'
import { SOUND, type Operation, type Rules } from './state.ts'

const REFRESH: Operation = { makes: 'S1', kind: 'refresh', device: 'A', source: 'S0' }
const KEEP: Operation = { makes: 'S2', kind: 'keep', device: 'B', source: 'B0' }
const RETIRE: Operation = { makes: 'S2', kind: 'retire', device: 'B', source: 'B0' }
const BACKUP: Operation = { makes: 'B1', kind: 'backup', device: 'A', source: 'S0' }

describe('the life cycle of sets, in every state that two devices, a server and a custodian can reach', () => {
  const pairs: Record<string, Operation[]> = {
    'refresh against recover and retire': [REFRESH, RETIRE],
    'refresh against recover and keep': [REFRESH, KEEP],
    'backup against recover and retire': [BACKUP, RETIRE],
    'backup against refresh': [BACKUP, REFRESH],
  }
  test.each(Object.entries(pairs))('%s: nothing is lost', (name, operations) => {
    const model = lifeCycle(operations, SOUND, { ends: 1, wipes: operations.includes(RETIRE) })
    const { states, transitions, violation } = explore(model)
    console.log(`${name}: ${states} states, ${transitions} transitions`)
    expect(violation).toBeUndefined()
    expect(states).toBeGreaterThan(1000)
    expect(findLoop(model.settling)).toBeUndefined()
  })
})

/** A state from which the way to rest leads back to itself. */
function findLoop(settling: ReadonlyMap<string, string>): string | undefined {
  const ends = new Set<string>()
  for (const start of settling.keys()) {
    const way = new Set<string>()
    for (let at: string | undefined = start; at !== undefined && !ends.has(at); at = settling.get(at)) {
      if (way.has(at)) return at
      way.add(at)
    }
    for (const each of way) ends.add(each)
  }
  return undefined
}

describe('the explorer finds, by the shortest way,', () => {
  const planted: [string, Partial<Rules>, Operation[], RegExp][] = [
    [
      'a share that goes into use before it is durable',
      { writesBeforeLastMessage: false },
      [REFRESH],
      /no set signs|lost its share/,
    ],
    ['retiring before proof', { retiresAfterProof: false }, [RETIRE], /S0 retired before proof/],
    ['a share that is overwritten', { keepsOldShares: false }, [REFRESH], /no set signs/],
    ['a second decision', { decidesOnce: false }, [REFRESH], /two decisions/],
    ['signing with a prepared set', { signsActiveOnly: false }, [REFRESH], /signed with S1 while PREPARED/],
    [
      'a backup that is given up before the next one is stored',
      { keepsOldBackupUntilConfirmed: false },
      [BACKUP],
      /no backup recovers/,
    ],
    [
      'a device that does not wait for the answer',
      { asksBeforeActivating: false },
      [REFRESH],
      /uses S1, which was aborted/,
    ],
  ]
  test.each(planted)('%s', (_, broken, operations, problem) => {
    const { violation } = explore(lifeCycle(operations, { ...SOUND, ...broken }, { ends: 1, wipes: false }))
    console.log(`${violation?.problem}: ${violation?.trace.join(' > ')}`)
    expect(violation?.problem).toMatch(problem)
  })
})
