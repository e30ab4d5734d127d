import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Signature, Wallet } from '../../src/index.ts'
import { programFolder } from '../support/programs.ts'
import { blocksOf, PAGES, readPage } from './blocks.ts'
import { bundle } from './bundle.ts'
import { commandsOf, knownVariables, problemOf, variablesIn } from './commands.ts'

interface Example {
  twoDevices(
    url: string,
    token: string,
    onProgress: (progress: { fraction: number }) => void,
  ): Promise<{ wallet: Wallet; message: Uint8Array; fromPhone: Signature; fromLaptop: Signature }>
}

const run = promisify(execFile)
const built = programFolder('commands')
/** Where the reader is. */
const folder = mkdtempSync(join(tmpdir(), 'reshare-reader-'))
const [example] = blocksOf('README.md').filter(({ language }) => language === 'ts')
let twoDevices: Example['twoDevices']
let serving: ChildProcess | undefined

const env = { PATH: `${built}${delimiter}${process.env['PATH']}`, PORT: '0' }
const shell = (command: string) => run('sh', ['-ec', command], { cwd: folder, env })

/** The `sh` block of a page with a word in it. */
function script(page: string, word: string): string {
  return blocksOf(page).find(({ language, code }) => language === 'sh' && code.includes(word))!.code
}

beforeAll(async () => {
  const fileOf = await bundle([example!], built)
  ;({ twoDevices } = (await import(pathToFileURL(fileOf(example!)).href)) as Example)
  const npx = join(built, 'npx')
  const program = join(built, 'bin.js')
  writeFileSync(npx, `#!/bin/sh\ntest "$1" = reshare-server && shift && exec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(npx, 0o755)
})
afterAll(() => {
  serving?.kill('SIGKILL')
  for (const path of [built, folder]) rmSync(path, { recursive: true, force: true })
})

test('every command of the documents is there, with its options and variables', async () => {
  const { stdout: usage } = await shell('npx reshare-server --help')
  const commands = PAGES.flatMap((page) => commandsOf(page))
  expect(commands.length).toBeGreaterThan(30)
  expect(commands.flatMap((command) => problemOf(command, usage) ?? [])).toEqual([])
  const wrong =
    '`npm run nothing`, `npm run load -- --nothing`, `npm run test:mutation -- src/nothing.ts`, `npx nothing`'
  const server = '`npx reshare-server nothing`, `npx reshare-server audit --nothing`'
  const variable = '```sh\nRESHARE_NOTHING=1 npx reshare-server\n```'
  const problems = commandsOf('page', `${wrong}, ${server}\n\n${variable}\n`).map((command) =>
    problemOf(command, usage),
  )
  expect(problems).toEqual(Array.from({ length: 7 }, () => expect.stringContaining('there is no ')))
})

test('every variable of this package that the documents name is read somewhere', () => {
  const known = knownVariables()
  const named = PAGES.flatMap((page) => variablesIn(readPage(page)))
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

test(
  "the README's first program has 20 lines, and does what it says against the README's server",
  { timeout: 300_000 },
  async () => {
    expect(example!.code.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(20)
    const [makeToken, serve, ...rest] = script('README.md', 'token alice').trim().split('\n')
    expect(rest).toEqual([])
    const token = (await shell(makeToken!)).stdout.trim()
    serving = spawn('sh', ['-ec', `exec ${serve}`], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let warning = ''
    serving.stderr!.on('data', (data: Buffer) => (warning += data.toString()))
    const ended = once(serving, 'close')
    const [line] = (await Promise.race([once(createInterface({ input: serving.stdout! }), 'line'), ended])) as [unknown]
    if (typeof line !== 'string') throw new Error(`the server does not start: ${warning}`)
    const { url } = JSON.parse(line) as { url: string }

    const fractions: number[] = []
    const { wallet, message, fromPhone, fromLaptop } = await twoDevices(url, token, ({ fraction }) => {
      fractions.push(fraction)
    })
    expect(ed25519.verify(fromPhone.signature, message, wallet.publicKeys.ed25519)).toBe(true)
    const digest = keccak_256(message)
    expect(secp256k1.verify(fromLaptop.signature, digest, wallet.publicKeys.secp256k1, { prehash: false })).toBe(true)
    expect(fromPhone.setId).not.toBe(fromLaptop.setId)
    expect(fractions.filter((fraction) => fraction === 1).length).toBe(2)

    serving.kill('SIGTERM')
    expect((await ended)[0]).toBe(0)
    expect(warning).toContain('For development only')

    // The audit log of what has happened is verified as docs/operations.md says.
    const { stdout } = await shell(script('docs/operations.md', 'audit'))
    expect(stdout).toMatch(/^[0-9a-f]{64} {2}heads-2[.]json\n$/)
    const report = JSON.parse(readFileSync(join(folder, 'heads-2.json'), 'utf8')) as object
    expect(report).toMatchObject({ chains: 2, breaks: [] })
  },
)
