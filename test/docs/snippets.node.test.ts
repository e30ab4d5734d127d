import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programFolder } from '../support/programs.ts'
import { blocksOf, PAGES, placeOf, readPage, ROOT, type Block } from './blocks.ts'
import { bundle } from './bundle.ts'
import { typeErrors } from './types.ts'

const blocks = PAGES.flatMap((page) => blocksOf(page))
const ofLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language))
const programs = ofLanguage('ts', 'js').filter(({ host }) => host === undefined)
const ofHosts = blocks.filter(({ host }) => host !== undefined)
const runnable = programs.filter(({ notRun }) => notRun === undefined)

const built = programFolder('docs')
const folder = mkdtempSync(join(tmpdir(), 'reshare-docs-'))
let fileOf: (block: Block) => string
let context: typeof import('./context.ts')

beforeAll(async () => {
  fileOf = await bundle(runnable, built)
  context = (await import(pathToFileURL(join(built, 'context.js')).href)) as typeof context
})
afterAll(async () => {
  await context.database.close()
  for (const path of [built, folder]) rmSync(path, { recursive: true, force: true })
})

test('every block is of a language that is tested, and those that are not run are these', () => {
  const fences = PAGES.flatMap((page) => readPage(page).match(/^ *```/gm) ?? [])
  expect(blocks.length * 2).toBe(fences.length)
  // Of docs/wire.md (tested beside the protocol), pictures, bodies, what programs print, and Swift, which no engine here runs.
  const others = blocks.filter((block) => ![...programs, ...ofHosts, ...ofLanguage('sh', 'sql')].includes(block))
  expect(new Set(others.map(({ language, page }) => `${language} ${page}`))).toEqual(
    new Set([
      'hex docs/wire.md',
      'mermaid docs/architecture.md',
      'mermaid docs/guides/tutorial.md',
      ' docs/operations.md',
      ' docs/internals/bench.md',
      'json docs/events.md',
      'swift docs/icloud.md',
    ]),
  )
  const left = blocks.filter(({ notRun }) => notRun !== undefined)
  expect(left.map(({ page, language, notRun }) => `${page}, ${language}: ${notRun}`)).toEqual([
    'README.md, sh: takes minutes',
    'docs/adapters.md, ts: sends ether',
    "docs/events.md, sh: needs a server's database",
    'docs/operations.md, sh: needs Docker',
    'docs/shards.md, sh: needs two databases',
    'docs/shards.md, sh: needs two databases',
    'docs/guides/demo.md, sh: it waits for a browser',
    'docs/guides/demo.md, sh: it needs a Chromium',
    'docs/guides/tutorial.md, sh: the values are yours',
    'docs/internals/mutation.md, sh: takes most of an hour',
  ])
})

test('what another host runs is run by a cell of test/hosts', () => {
  for (const { host } of ofHosts)
    expect(readFileSync(join(ROOT, `test/hosts/cells/${host!}.mjs`), 'utf8')).toMatch(/blockOf\(|mountedAs\(\s*name,/)
  expect(ofHosts.length).toBeGreaterThan(0)
})

test('every program has the types of the package, under strict and by its public names', { timeout: 300_000 }, () => {
  expect(programs.length).toBeGreaterThan(10)
  expect(typeErrors(programs)).toEqual([])
})

describe('a program that needs something around it runs with that', () => {
  test.each(runnable.filter(({ needs }) => needs.length > 0).map((block) => [placeOf(block), block] as const))(
    '%s',
    async (_, block) => {
      await import(pathToFileURL(fileOf(block)).href)
    },
  )

  test('the exported key was shown, and wiped', () => {
    expect(context.shown).toEqual([new Uint8Array(32)])
  })
})

describe('a program that needs nothing runs by itself', () => {
  test.each(runnable.filter(({ needs }) => needs.length === 0).map((block) => [placeOf(block), block] as const))(
    '%s',
    async (_, block) => {
      const { ended, listening } = runAlone(fileOf(block))
      if (!block.code.includes('serve(')) return expect((await ended).code).toBe(0)
      const { port, stop } = await listening
      const response = await fetch(`http://127.0.0.1:${port}/v1/wallets/${'00'.repeat(16)}/sets`)
      expect(await response.json()).toMatchObject({
        error: { id: expect.stringMatching(/^(AUTH_FAILED|BAD_REQUEST|INTERNAL)$/) },
      })
      stop()
      await ended
    },
  )
})

/** Runs a module as a program, with the variables that the documents name. */
function runAlone(file: string) {
  const child = fork(file, {
    cwd: folder,
    execArgv: ['--import', join(ROOT, 'test/docs/preload.mjs')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      // Nothing listens there: what is asked of the database fails.
      DATABASE_URL: process.env['RESHARE_TEST_POSTGRES_URL'] ?? 'postgres://127.0.0.1:1/none',
      RESHARE_MASTER_KEY: '5a'.repeat(32),
      RESHARE_WEBHOOK_SECRET: 'the-secret-of-the-backend',
    },
  })
  const output: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data: Buffer) => output.push(data.toString()))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output: output.join('') }))
  const listening = Promise.race([
    once(child, 'message').then(([message]) => ({ ...(message as { port: number }), stop: () => child.kill() })),
    ended.then(({ code, output }) => {
      throw new Error(`it listens to nothing, and has ended with ${code}: ${output}`)
    }),
  ])
  listening.catch(() => undefined)
  return { ended, listening }
}
