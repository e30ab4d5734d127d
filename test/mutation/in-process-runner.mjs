// A runner for Stryker whose tests run in its own process: for the protocols, which are synchronous and touch nothing else.
// Vitest takes a second to start over for each mutant. Here a test file, with the sources that the group mutates in it, is
// a script that is run again in milliseconds, and everything else is loaded once.
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { determineHitLimitReached, DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner'
import { build } from 'esbuild'
import { GROUPS, patternOf } from './groups.mjs'
import { createSmallVitest } from './small-vitest.mjs'

/** What mutated code looks at, and counts its visits in. */
const stryker = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {})

/** Names of what is loaded once begin with it. */
const ONCE = 'once:'

/** Stands for everything that a file does before its tests. */
const LOADING = 'loading'

class InProcessRunner {
  static inject = []

  /** @type {{ file: string, script: vm.Script }[]} */
  #files = []
  /** Of each file, without mutants. @type {Map<string, number>} */
  #milliseconds = new Map()
  #vitest = createSmallVitest()
  #require

  capabilities() {
    return { reloadEnvironment: true }
  }

  async init() {
    const once = new Set()
    for (const file of testFiles()) {
      const code = await bundle({ entryPoints: [file] }, file, [resolveIn(once)])
      this.#files.push({ file, script: script(code, file) })
    }
    const names = [...once]
    const modules = names.map((name, i) => `import * as module${i} from ${JSON.stringify(name)}`)
    const registered = names.map((name, i) => `${JSON.stringify(name)}: module${i}`)
    const contents = [...modules, `export const registry = { ${registered.join(', ')} }`].join('\n')
    const code = await bundle({ stdin: { contents, resolveDir: process.cwd(), loader: 'ts' } }, 'registry.ts')
    const nodeRequire = createRequire(path.resolve('package.json'))
    const { registry } = evaluate(script(code, 'registry'), nodeRequire)
    this.#require = (name) => {
      if (name === 'vitest') return this.#vitest.module
      return name.startsWith(ONCE) ? registry[name.slice(ONCE.length)] : nodeRequire(name)
    }
  }

  async dryRun() {
    stryker.activeMutant = undefined
    const mutantCoverage = { static: {}, perTest: {} }
    stryker.mutantCoverage = mutantCoverage
    const tests = []
    for (const { file, script } of this.#files) {
      const began = performance.now()
      stryker.currentTestId = idOf(file, LOADING)
      const collected = this.#collect(script)
      for (const [i, test] of collected.entries()) {
        stryker.currentTestId = idOf(file, i)
        const start = performance.now()
        const failure = await this.#failureOf(test, file)
        const result = passed(file, i, performance.now() - start)
        tests.push(failure ? { ...result, status: TestStatus.Failed, failureMessage: failure.stack } : result)
      }
      const milliseconds = performance.now() - began
      this.#milliseconds.set(file, milliseconds)
      // A mutant that is reached while a file loads is tried with all tests of it.
      tests.push(passed(file, LOADING, milliseconds))
    }
    stryker.currentTestId = undefined
    return { status: DryRunStatus.Complete, tests, mutantCoverage }
  }

  async mutantRun({ testFilter, activeMutant, hitLimit }) {
    stryker.activeMutant = activeMutant.id
    stryker.hitCount = hitLimit === undefined ? undefined : 0
    stryker.hitLimit = hitLimit
    const wanted = testFilter && new Set(testFilter)
    let nrOfTests = 0
    const ended = (killer, failure) =>
      determineHitLimitReached(stryker.hitCount, hitLimit) ??
      (failure
        ? { status: MutantRunStatus.Killed, killedBy: [killer], failureMessage: failure.message, nrOfTests }
        : { status: MutantRunStatus.Survived, nrOfTests })
    for (const { file, script } of this.#sharpestFirst(activeMutant.fileName)) {
      if (wanted && !testFilter.some((id) => id.startsWith(idOf(file, '')))) continue
      const isWholeFile = wanted?.has(idOf(file, LOADING)) ?? true
      let collected
      try {
        collected = this.#collect(script)
      } catch (error) {
        return ended(idOf(file, LOADING), error)
      }
      for (const [i, test] of collected.entries()) {
        const id = idOf(file, i)
        if (!isWholeFile && !wanted.has(id)) continue
        nrOfTests += 1
        const failure = await this.#failureOf(test, file)
        if (failure) return ended(id, failure)
      }
    }
    return ended()
  }

  /** The tests of the file that a mutant is in, then the quickest. @param {string} source */
  #sharpestFirst(source) {
    const others = ({ file }) => Number(!isTestOf(file, source))
    const milliseconds = ({ file }) => this.#milliseconds.get(file)
    return this.#files.toSorted((a, b) => others(a) - others(b) || milliseconds(a) - milliseconds(b))
  }

  /** Runs a test file anew, and with it the sources that it has in it. @param {vm.Script} script */
  #collect(script) {
    return this.#vitest.collect(() => evaluate(script, this.#require))
  }

  async #failureOf(test, file) {
    try {
      await this.#vitest.run(test, file)
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

const group = GROUPS[process.env['RESHARE_MUTATION_GROUP'] ?? '']

/** The group's test files, from the root of the repository. */
function testFiles() {
  const wanted = group.tests.filter((pattern) => !pattern.startsWith('!'))
  const unwanted = group.tests.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  return readdirSync('test', { recursive: true })
    .map((name) => path.posix.join('test', ...String(name).split(path.sep)))
    .filter((file) => wanted.some((pattern) => path.matchesGlob(file, pattern)))
    .filter((file) => !unwanted.some((pattern) => path.matchesGlob(file, pattern)))
}

/** Takes the sources that are mutated, and what only tests have, into the script; notes what is to be loaded once. */
function resolveIn(once) {
  const loadOnce = (name) => {
    once.add(name)
    return { path: ONCE + name, external: true }
  }
  return {
    name: 'in-process',
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ kind, path: name, resolveDir }) => {
        if (kind === 'entry-point') return undefined
        if (name === 'vitest' || name.startsWith('node:')) return { path: name, external: true }
        if (name === 'reshare/protocol') return { path: path.resolve('src/protocol/index.ts') }
        if (!name.startsWith('.')) return loadOnce(name)
        const file = path.resolve(resolveDir, name)
        if (isWithin(file, 'src') && !isWithin(file, 'src/protocol') && !isMutated(file)) return loadOnce(file)
        return { path: (group.oneBackend && oneBackend(file)) || file }
      })
    },
  }
}

/** @param {string} file */
function isMutated(file) {
  const source = path.relative(process.cwd(), file).split(path.sep).join('/')
  return group.sources.some((own) => path.matchesGlob(source, patternOf(own)))
}

/** As in vitest.config.ts. @param {string} file */
function oneBackend(file) {
  if (file === path.resolve('test/support/groups.ts')) return path.resolve('test/mutation/wasm-groups.ts')
  return path.basename(file) === 'backends.ts' ? path.resolve('test/mutation/wasm-backends.ts') : undefined
}

/** @param {string} file @param {string} folder */
function isWithin(file, folder) {
  return file.startsWith(path.resolve(folder) + path.sep)
}

/** @param {string} file what `import.meta.url` is of */
async function bundle(input, file, plugins = []) {
  const built = await build({
    ...input,
    plugins,
    absWorkingDir: process.cwd(),
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(path.resolve(file)).href) },
  })
  return built.outputFiles[0].text
}

/** Whether a file has the tests of a source: `vole.test.ts` those of `vole.ts` and `wasm-vole.ts`. */
function isTestOf(file, source) {
  const [tested] = path.basename(file).split('.')
  const name = path.basename(source, '.ts')
  return name === tested || name.endsWith(`-${tested}`)
}

function script(code, filename) {
  return new vm.Script(`(function (require, module, exports) {${code}\n})`, { filename })
}

/** @param {vm.Script} script */
function evaluate(script, require) {
  const module = { exports: {} }
  script.runInThisContext()(require, module, module.exports)
  return module.exports
}

/** @param {string} file @param {number | string} test */
function idOf(file, test) {
  return `${file}#${test}`
}

/** @param {string} file @param {number | string} test @param {number} timeSpentMs */
function passed(file, test, timeSpentMs) {
  const id = idOf(file, test)
  return { id, name: id, status: TestStatus.Success, timeSpentMs, fileName: path.resolve(file) }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner)]
