import { beforeAll, describe, expect, test } from 'vitest'
import { compileAssembly } from '../support/assembly.ts'
import { traced, type Traced } from '../support/constant-time.ts'

// That the check for constant time can fail: it must find each planted leak, and nothing in code without one.

let leaks: Traced
let secret: number

beforeAll(async () => {
  leaks = traced(await compileAssembly('assembly/test-leaks.ts'))
  secret = (leaks.exports as unknown as Record<string, WebAssembly.Global>)['SECRET']?.value as number
})

function differing(name: string): string {
  const run = (first: number) => (): void => {
    leaks.memory.fill(0, secret, secret + 32)
    leaks.memory[secret] = first
    leaks.exports[name]?.()
  }
  const traces = [0, 1, 2, 255].map((first) => leaks.trace(run(first)))
  const other = traces.findIndex(({ hash, events }) => hash !== traces[0]?.hash || events !== traces[0]?.events)
  return other < 0 ? 'none' : leaks.firstDifference(run(0), run([0, 1, 2, 255][other] as number))
}

describe('a planted leak is found', () => {
  test.each([
    ['secretIndex', 'Load.ptr'],
    ['secretBranch', '.condition'],
    ['secretSelect', 'Select.condition'],
    ['secretDivision', 'Binary.right'],
    ['secretLength', 'MemoryFill.size'],
    ['earlyExit', '.condition'],
  ])('%s, at its %s', (name, site) => {
    expect(differing(name)).toContain(site)
  })
})

test('a mask is not a leak', () => {
  expect(differing('masked')).toBe('none')
  expect(leaks.trace(() => leaks.exports['masked']?.()).events).toBeGreaterThan(0)
})
