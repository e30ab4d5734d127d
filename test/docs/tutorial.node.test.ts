import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { ed25519 } from '@noble/curves/ed25519.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Signature, Wallet } from '../../src/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { programFolder } from '../support/programs.ts'
import { blocksOf, ROOT } from './blocks.ts'
import { bundle } from './bundle.ts'
import { commandsOf } from './commands.ts'

// Follows docs/guides/tutorial.md: its programs and commands, with free ports in the place of those that it names.

interface App {
  createWallet(secret: string): Promise<Wallet>
  replaceLostDevice(secret: string): Promise<Wallet | undefined>
  signText(walletId: string, text: string): Promise<Signature>
}
interface Tutorial {
  openApp(login: object, label: string): Promise<App>
}

const PAGE = 'docs/guides/tutorial.md'
/** It has no types. */
const substitute = 'fake-indexeddb/auto'
const built = programFolder('tutorial')
/** Where the reader is. */
const folder = mkdtempSync(join(tmpdir(), 'reshare-tutorial-'))
const children: ChildProcess[] = []
const blocks = blocksOf(PAGE)
const [backendProgram] = blocks.filter(({ language }) => language === 'js')
const [appProgram] = blocks.filter(({ language }) => language === 'ts')
const [makeToken, startBackend, startServer] = blocks.filter(({ language }) => language === 'sh')

const env = { PATH: `${built}${delimiter}${process.env['PATH']}`, PORT: '0' }
let fileOf: Awaited<ReturnType<typeof bundle>>

beforeAll(async () => {
  fileOf = await bundle([backendProgram!, appProgram!], built)
  const npx = join(built, 'npx')
  const program = join(built, 'bin.js')
  writeFileSync(npx, `#!/bin/sh\ntest "$1" = reshare-server && shift && exec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(npx, 0o755)
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const path of [built, folder]) rmSync(path, { recursive: true, force: true })
})

function shell(command: string): ChildProcess {
  const child = spawn('sh', ['-ec', command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

async function serveBackend(): Promise<string> {
  const [command] = commandsOf(PAGE, `\`\`\`sh\n${startBackend!.code}\`\`\`\n`)
  expect(command).toMatchObject({ variables: ['RESHARE_MASTER_KEY', 'RESHARE_WEBHOOK_SECRET'] })
  const secret = /RESHARE_WEBHOOK_SECRET='([^']+)'/.exec(startBackend!.code)![1]
  const child = fork(fileOf(backendProgram!), {
    cwd: folder,
    execArgv: ['--import', join(ROOT, 'test/docs/preload.mjs')],
    env: { ...env, RESHARE_MASTER_KEY: '5a'.repeat(32), RESHARE_WEBHOOK_SECRET: secret },
  })
  children.push(child)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return `http://127.0.0.1:${port}`
}

async function serveSigning(backend: string): Promise<string> {
  const { stdout } = shell(`exec env ${startServer!.code.replaceAll('http://127.0.0.1:3000', backend)}`)
  const [line] = (await once(createInterface({ input: stdout! }), 'line')) as [string]
  return (JSON.parse(line) as { url: string }).url
}

test('one who follows it signs, loses the browser and signs in another', { timeout: 300_000 }, async () => {
  expect(blocks.map(({ language }) => language)).toEqual(['mermaid', 'sh', 'js', 'sh', 'sh', 'ts'])
  expect((await once(shell(makeToken!.code), 'close'))[0]).toBe(0)
  const token = readFileSync(join(folder, 'token'), 'utf8').trim()
  const backend = await serveBackend()
  const signingServer = await serveSigning(backend)

  await import(substitute)
  const { openApp } = (await import(pathToFileURL(fileOf(appProgram!)).href)) as Tutorial
  const login = { userId: 'ann', session: 'session-of-ann', token, backend, signingServer }
  const first = await openApp(login, 'laptop')
  const wallet = await first.createWallet('correct horse battery staple')
  const { signature } = await first.signText(wallet.id, 'hello')
  expect(ed25519.verify(signature, utf8('hello'), wallet.publicKeys.ed25519)).toBe(true)

  // Another browser has a database of its own.
  globalThis.indexedDB = new IDBFactory()
  const second = await openApp(login, 'phone')
  expect(await second.replaceLostDevice('a wrong password')).toBeUndefined()
  const recovered = await second.replaceLostDevice('correct horse battery staple')
  expect(recovered).toMatchObject({ id: wallet.id, publicKeys: wallet.publicKeys })
  expect(recovered!.setId).not.toBe(wallet.setId)
  const again = await second.signText(wallet.id, 'hello')
  expect(ed25519.verify(again.signature, utf8('hello'), wallet.publicKeys.ed25519)).toBe(true)
  await expect(first.signText(wallet.id, 'hello')).rejects.toMatchObject({ code: 'SET_RETIRED' })
})
