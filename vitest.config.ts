import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import type { BrowserProviderOption } from 'vitest/node'
import { packagesOf } from './test/support/browsers/dependencies.mjs'
import {
  CHROMIUM_FLAGS,
  findBrowser,
  findMiniBrowser,
  selectedEngines,
  type Engine,
} from './test/support/browsers/engines.mjs'
import { webkitGtk } from './test/support/browsers/webkit-provider.ts'
import { LongestFirst } from './test/support/longest-first.ts'
import { EngineReporter } from './test/support/reporter.ts'
import { filesOf, hasOwnProcess, tierOf } from './test/support/tiers.mjs'

type Browser = Exclude<Engine, 'node'>

const seed = process.env['RESHARE_TEST_SEED'] || randomBytes(8).toString('hex')
/** Which files run, by test/support/tiers.mjs. */
const tier = tierOf(process.env['RESHARE_TIER'] || undefined)
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** A database in memory starts from a copy of an empty one, or is one that was closed and emptied. */
const pglite = { find: /^@electric-sql\/pglite$/, replacement: source('test/support/pglite-reused.ts') }

/** The package by its own name is its sources, as for a user it is `dist`. */
const alias = Object.entries(subpaths()).flatMap(([subpath, target]) => {
  if (typeof target === 'string') return []
  const path = target.default.replace(/^[.]\/dist\/(.*)[.]js$/, 'src/$1.ts')
  return [{ find: new RegExp(`^reshare${subpath.slice(1)}$`), replacement: source(path) }]
})

/** What package.json exports: a file, or the code and the types of a subpath. */
function subpaths(): Readonly<Record<string, string | { readonly default: string }>> {
  const { exports } = JSON.parse(readFileSync(source('package.json'), 'utf8')) as {
    exports: ReturnType<typeof subpaths>
  }
  return exports
}

// Guards against a hang, not assertions: four engines share the machine.
const timeouts = { testTimeout: 60_000, hookTimeout: 120_000 }

const providers: Record<Browser, () => BrowserProviderOption> = {
  chromium: () =>
    playwright({
      launchOptions: { executablePath: required('chromium', findBrowser('chromium')), args: [...CHROMIUM_FLAGS] },
    }),
  // The distribution's Firefox speaks WebDriver BiDi, which this channel selects; a patched build is not needed.
  firefox: () =>
    playwright({
      launchOptions: { executablePath: required('firefox', findBrowser('firefox')), channel: 'moz-firefox' },
    }),
  webkit: () =>
    webkitGtk({
      driver: required('WebKitWebDriver', findBrowser('webkit')),
      browser: required('MiniBrowser', findMiniBrowser()),
    }),
}

function required(name: string, path: string | undefined): string {
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

/** Files that start processes of their own or wait leave room for one more on each machine; then those that share processes. */
function nodeProjects(): TestProjectInlineConfiguration[] {
  const files = filesOf(tier, 'node')
  const own = files.filter(hasOwnProcess)
  const shared = files.filter((path) => !hasOwnProcess(path))
  const cores = availableParallelism()
  return [
    nodeProject('node (own process)', { include: own, maxWorkers: cores + 1 }),
    nodeProject('node', { include: shared, maxWorkers: cores, isolate: false, sequence: { groupOrder: 1 } }),
  ].filter(({ test }) => test.include.length > 0)
}

function nodeProject<const Options extends { readonly include: string[] }>(name: string, options: Options) {
  return {
    resolve: { alias: [pglite, ...alias] },
    test: { name, environment: 'node', provide: { seed }, ...timeouts, ...options },
  }
}

async function browserProject(browsers: readonly Browser[]): Promise<TestProjectInlineConfiguration> {
  const files = [...new Set(browsers.flatMap((browser) => filesOf(tier, browser)))]
  return {
    resolve: { alias },
    // Of every tier: each begins with what the one before has prepared.
    optimizeDeps: { include: await packagesOf(filesOf('all', browsers[0]!)) },
    test: {
      name: 'browser',
      // Of all browsers, as Vite looks for dependencies in these: each leaves out what is of others.
      include: files,
      // After Node, whose tests keep every core busy; then one page in each browser at a time.
      sequence: { groupOrder: 2 },
      maxWorkers: 1,
      provide: { seed },
      ...timeouts,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        instances: browsers.map((browser) => ({
          ...{ browser, name: browser, provider: providers[browser]() },
          exclude: files.filter((path) => !filesOf(tier, browser).includes(path)),
        })),
      },
    },
  }
}

const engines = selectedEngines()
const browsers = engines.filter((engine) => engine !== 'node')
// Starts one real server for the end-to-end tests in browsers and hands its URL on by `provide`.
const browserServer = source('test/support/browser-server.node.ts')

export default defineConfig({
  // For the global setup.
  resolve: { alias },
  test: {
    projects: [
      ...(engines.includes('node') ? nodeProjects() : []),
      ...(browsers.length > 0 ? [await browserProject(browsers)] : []),
    ],
    globalSetup: browsers.length > 0 && existsSync(browserServer) ? [browserServer] : [],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new EngineReporter(seed)],
  },
})
