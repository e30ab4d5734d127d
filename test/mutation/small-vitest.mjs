// As much of vitest as tests of synchronous code use, for the runner that starts them over in milliseconds.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  getState,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect'

/** @typedef {{ names: readonly string[], run: () => unknown }} CollectedTest */

/** The module that test files get as `vitest`, and what they have declared by it. */
export function createSmallVitest() {
  const expect = createExpect()
  /** @type {CollectedTest[]} */
  let tests = []
  /** @type {{ suite: readonly string[], body: () => void }[]} */
  let waiting = []
  /** @type {readonly string[]} */
  let suite = []

  const describe = (name, body) => waiting.push({ suite: [...suite, name], body })
  describe.each = eachRow(describe)
  const test = (name, body) => tests.push({ names: [...suite, name], run: () => body() })
  test.each = eachRow(test)
  test.skipIf = (isSkipped) => (isSkipped ? () => {} : test)

  return {
    module: { describe, test, expect, inject: () => process.env['RESHARE_TEST_SEED'] },
    /** The tests that loading a file declares; the body of a suite runs after what surrounds it, as vitest's do. */
    collect(load) {
      ;[tests, waiting, suite] = [[], [], []]
      load()
      while (waiting.length > 0) {
        const inner = waiting
        waiting = []
        for (const { suite: names, body } of inner) {
          suite = names
          body()
        }
      }
      return tests
    },
    /** @param {CollectedTest} test @param {string} file from the root of the repository */
    async run({ names, run }, file) {
      setState({ testPath: path.resolve(file), currentTestName: names.join(' > '), assertionCalls: 0 }, expect)
      await run()
    },
  }
}

function eachRow(declare) {
  return (rows) => (name, body) => {
    for (const [i, row] of rows.entries()) declare(`${name} ${i}`, () => body(...(Array.isArray(row) ? row : [row])))
  }
}

function createExpect() {
  for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin)
  // Snapshots are compared and never written.
  chai.use((_, { addMethod, flag }) => {
    addMethod(chai.Assertion.prototype, 'toMatchInlineSnapshot', function (text) {
      chai.assert.deepEqual(flag(this, 'object'), JSON.parse(text.replace(/,\s*\]\s*$/, ']')))
    })
    addMethod(chai.Assertion.prototype, 'toMatchFileSnapshot', function (name) {
      const file = path.join(path.dirname(getState(expect).testPath), name)
      chai.assert.equal(flag(this, 'object'), readFileSync(file, 'utf8'))
    })
  })
  const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect, {
    ...globalThis[ASYMMETRIC_MATCHERS_OBJECT],
    getState: () => getState(expect),
    setState: (state) => setState(state, expect),
  })
  const state = { isExpectingAssertions: false, expectedAssertionsNumber: null, environment: 'node' }
  setState({ ...state, assertionCalls: 0, testPath: '', currentTestName: '' }, expect)
  Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect, writable: true, configurable: true })
  return expect
}
