// Stryker's runner for vitest, with two repairs. Its hooks ask for the file that they end in the way of vitest before 4.1,
// and fail: nothing would be known of which test reaches which mutant, nor of endless loops. And it looks at tests only:
// where a mutant makes a file fail before its tests begin, in the body of a `describe` or in a `beforeAll`, it would take
// the missing failure for a survivor.
import { readFileSync, writeFileSync } from 'node:fs'
import { strykerPlugins as original, strykerValidationSchema } from '@stryker-mutator/vitest-runner'

const PASSED = 0
const FAILED = 1
const [{ factory: createRunner, ...plugin }] = original

function createStrictRunner(injector) {
  const runner = createRunner(injector)
  const init = runner.init.bind(runner)
  runner.init = async () => {
    await init()
    const setup = readFileSync(runner.localSetupFile, 'utf8')
    const repaired = setup.replaceAll('afterAll(({ meta }) =>', 'afterAll(({}, { meta }) =>')
    if (repaired === setup) throw new Error('the hooks of the runner are not as they were')
    writeFileSync(runner.localSetupFile, repaired)
  }
  const run = runner.run.bind(runner)
  /** The tests of the first run, which nothing mutates: one of a file stands for its failure. */
  let known
  runner.run = async (options) => {
    const result = await run(options)
    if (result.status !== 'complete') return result
    known ??= result.tests
    if (result.tests.some(({ status }) => status === FAILED)) return result
    const broken = runner.ctx.state.getFiles().find((file) => hasFailed(file))
    if (broken === undefined) return result
    const stand = known.find(({ id, status }) => status === PASSED && id.includes(broken.name)) ?? known[0]
    const failureMessage = `${broken.name} fails outside its tests: ${errorOf(broken)}`
    return { ...result, tests: [...result.tests, { ...stand, status: FAILED, failureMessage, timeSpentMs: 0 }] }
  }
  return runner
}
createStrictRunner.inject = createRunner.inject

function errorOf(task) {
  return task.result?.errors?.[0]?.message ?? task.tasks?.map(errorOf).find(Boolean)
}

/** @param {{ result?: { state: string }, tasks?: readonly object[] }} task */
function hasFailed({ result, tasks = [] }) {
  return result?.state === 'fail' || tasks.some((task) => hasFailed(task))
}

export { strykerValidationSchema }
export const strykerPlugins = [{ ...plugin, factory: createStrictRunner }]
