import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { buildPrograms, programFolder } from '../../support/programs.ts'
import { seededRandom } from '../../support/random.ts'
import { serverClient, type ServerClient } from '../../support/server-client.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** What a process has written, and how it has ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A server process that has said where it serves. */
export interface Serving {
  readonly url: string
  readonly channelKey?: string
  readonly devCustodian?: boolean
  readonly monitor?: string
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

/** The program `reshare-server`, and a folder for what it makes. */
export interface Program {
  /** Of this file alone; the data are in `data` there, unless the environment says otherwise. */
  readonly folder: string
  /** Starts a process with this environment and no other. */
  launch(parameters: readonly string[], env?: Record<string, string>): { child: ChildProcess; ended: Promise<Ended> }
  /** Starts a server on a port of its own. */
  start(env?: Record<string, string>, parameters?: readonly string[]): Promise<Serving>
}

/**
 * The program that the tests of a file start: it is built before the first, and what still runs ends after each.
 *
 * @param options.ownDatabases leaves the making of databases to PGlite
 */
export function fileProgram(options: { readonly ownDatabases?: boolean } = {}): Program {
  const outfile = join(programFolder('bin'), `${randomUUID()}.mjs`)
  const folder = mkdtempSync(join(tmpdir(), 'reshare-bin-'))
  const running = new Set<ChildProcess>()
  beforeAll(() => buildPrograms({ ...options, entryPoints: [join(root, 'server/bin.js')], outfile }))
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL')
  })
  afterAll(() => {
    for (const path of [programFolder('bin'), folder]) rmSync(path, { recursive: true, force: true })
  })

  function launch(parameters: readonly string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [outfile, ...parameters], {
      env: { PATH: process.env['PATH'], RESHARE_DATA_DIR: join(folder, 'data'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    const output = { out: '', err: '' }
    child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child)
      return { code: code as number | null, ...output }
    })
    return { child, ended }
  }

  async function start(env: Record<string, string> = {}, parameters: readonly string[] = []): Promise<Serving> {
    const { child, ended } = launch(parameters, { PORT: '0', ...env })
    const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    if (!Array.isArray(line)) throw new Error(line.err)
    return { ...(JSON.parse(line[0] as string) as { url: string }), child, ended }
  }

  return { folder, launch, start }
}

/** A client of a server at a URL, which a token lets in. */
export function clientAt(url: string, token: string, random = seededRandom()): ServerClient {
  const client = serverClient((request) => fetch(request), '', random, url)
  const authorization = { authorization: `Bearer ${token}` }
  return { ...client, send: (method, path, body) => client.send(method, path, body, authorization) }
}
