import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** How many tests of one engine ended how. */
interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** A test that failed, or a file or hook that did. */
interface Failure {
  readonly engine: string
  readonly test: string
  readonly message: string
}

/** Prints the seed first and the counts per engine last, and writes these with the failures as JSON where RESHARE_TEST_REPORT says. */
export class EngineReporter implements Reporter {
  readonly #seed: string

  constructor(seed: string) {
    this.#seed = seed
  }

  onTestRunStart(): void {
    console.log(`random seed: RESHARE_TEST_SEED=${this.#seed}`)
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const engines: Record<string, Counts> = {}
    for (const module of modules) {
      // Node has several projects, whose names begin with its own.
      const counts = (engines[module.project.name.split(' ')[0]!] ??= { passed: 0, failed: 0, skipped: 0 })
      countModule(module, counts)
    }
    console.log(`random seed: RESHARE_TEST_SEED=${this.#seed}`)
    for (const [engine, { passed, failed, skipped }] of Object.entries(engines)) {
      console.log(`${engine.padEnd(8)} ${passed} passed, ${failed} failed, ${skipped} skipped`)
    }
    const failures = [
      ...modules.flatMap(failuresOf),
      ...unhandled.map(({ message }) => ({ engine: 'any', test: 'an error that nothing handles', message })),
    ]
    const path = process.env['RESHARE_TEST_REPORT']
    if (path === undefined) return
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(
      path,
      `${JSON.stringify({ engines, unhandledErrors: unhandled.length, seed: this.#seed, failures }, null, 2)}\n`,
    )
  }
}

function failuresOf(module: TestModule): Failure[] {
  const engine = module.project.name
  const failed = [...module.children.allTests('failed')].map((test) => ({
    engine,
    test: `${module.relativeModuleId} > ${test.fullName}`,
    message: test.result().errors?.[0]?.message ?? '',
  }))
  const hooks = [module, ...module.children.allSuites()].flatMap((suite) => suite.errors())
  return [...failed, ...hooks.map(({ message }) => ({ engine, test: module.relativeModuleId, message }))]
}

function countModule(module: TestModule, counts: Counts): void {
  const before = counts.failed
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'passed') counts.passed++
    else if (state === 'failed') counts.failed++
    else counts.skipped++
  }
  // A file that does not load, whose hooks fail or that was never reached has no failed test of its own.
  const ended = module.state() === 'passed' || module.state() === 'skipped'
  if (!ended && counts.failed === before) counts.failed++
}
