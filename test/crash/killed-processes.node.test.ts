import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createClient, generateWallet, MpcError, refreshShares, resume, type Transport } from '../../src/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createServer } from '../../src/server/index.ts'
import { fileStore } from '../../src/storage/file.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { createPostgres, databaseKinds } from '../e2e/support/databases.ts'
import { listen } from '../support/listen.ts'
import { buildPrograms, programFolder } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'
import { signsAll } from './support/wallet-line.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const programs = programFolder('killed')
const folder = mkdtempSync(join(tmpdir(), 'reshare-killed-'))
const running = new Set<ChildProcess>()

/** By this device's clock whatever was begun before is over. */
const later = () => Date.now() + 121_000

beforeAll(async () => {
  const entryPoints = [join(root, 'server/bin.js'), join(root, 'test/crash/client-process.node.ts')]
  await buildPrograms({ entryPoints, outdir: programs, entryNames: '[name]', outExtension: { '.js': '.mjs' } })
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(() => {
  for (const path of [programs, folder]) rmSync(path, { recursive: true, force: true })
})

function launch(program: string, parameters: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(programs, `${program}.mjs`), ...parameters], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  const lines = createInterface({ input: child.stdout })
  const firstLine = once(lines, 'line').then(([line]) => line as string)
  const ended = once(child, 'exit').then(([code, signal]) => {
    running.delete(child)
    return { code: code as number | null, signal: signal as string | null }
  })
  // A process that ends without a word has no first line.
  firstLine.catch(() => undefined)
  return { child, firstLine, ended }
}

describe.each(databaseKinds)('a server process on $name', { timeout: 120_000 }, ({ name }) => {
  test('is killed while it plays a refresh: the wallet signs by every scheme', async () => {
    const postgres = name === 'PostgreSQL' ? await createPostgres() : undefined
    const data = join(folder, `data-${name}`)
    const env: Record<string, string> = {
      RESHARE_DATA_DIR: data,
      PORT: '0',
      ...(postgres && { DATABASE_URL: postgres.url }),
    }
    try {
      const token = await launch('bin', ['token', 'ann'], env).firstLine
      let server = launch('bin', [], env)
      const connect = async (): Promise<Transport> => {
        const { url } = JSON.parse(await server.firstLine) as { url: string }
        return httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) })
      }
      const storage = memoryStore()
      let transport = await connect()
      const wallet = await generateWallet(createClient({ transport, storage, pool: { size: 0 } }))
      await signsAll(createClient({ transport, storage, pool: { size: 0 } }), wallet)

      // Three rounds, of which the last decides, and two of the proof, which retires the set before.
      const fatal = seededRandom().int(1, 5)
      let requests = 0
      const deadly: Transport = {
        request(request) {
          const answer = transport.request(request)
          if (++requests === fatal) server.child.kill('SIGKILL')
          return answer
        },
      }
      const refreshed: unknown = await refreshShares(createClient({ transport: deadly, storage, repeats: false }), {
        walletId: wallet.id,
      }).catch((error: unknown) => error)
      // It may have answered before the signal reached it.
      if (refreshed instanceof Error) expect(refreshed).toBeInstanceOf(MpcError)
      expect(await server.ended).toMatchObject({ signal: 'SIGKILL' })

      server = launch('bin', [], env)
      transport = await connect()
      const client = createClient({ transport, storage, now: later, pool: { size: 0 } })
      expect(await resume(client)).toMatchObject([{ walletId: wallet.id, outcome: 'READY' }])
      await signsAll(client, wallet)
      expect(await storage.list('share/')).toHaveLength(1)
      server.child.kill('SIGKILL')
      await server.ended
    } finally {
      await postgres?.drop()
    }
  })
})

describe('a client process on a file store', { timeout: 120_000 }, () => {
  test('is killed at each of its requests: the wallet signs by every scheme', async () => {
    const database = pgliteDatabase()
    const server = createServer({
      database,
      authenticate: () => ({ clientId: 'ann' }),
      masterKey: new Uint8Array(32).fill(3),
      limits: { rates: null },
    })
    let onRequest = async (answer: () => Promise<Response>) => answer()
    const front = await listen((request) => onRequest(() => server.fetch(request)))
    try {
      const store = join(folder, 'device')
      const transport = httpTransport(front.url)
      const wallet = await generateWallet(createClient({ transport, storage: fileStore(store) }))
      let killed = 0
      for (let fatal = 1; ; fatal++) {
        const client = launch('client-process.node', [store, front.url, wallet.id])
        let requests = 0
        onRequest = async (answer) => {
          if (++requests !== fatal) return answer()
          // Every other one before the server has heard it.
          const answered = fatal % 2 === 0 ? await answer() : new Response(null, { status: 503 })
          client.child.kill('SIGKILL')
          await client.ended
          return answered
        }
        const { signal } = await client.ended
        onRequest = async (answer) => answer()

        const next = createClient({ transport, storage: fileStore(store), now: later, pool: { size: 0 } })
        expect(await resume(next)).toMatchObject([{ walletId: wallet.id, outcome: 'READY' }])
        expect(await fileStore(store).list('share/')).toHaveLength(1)
        await signsAll(next, wallet)
        if (signal !== 'SIGKILL') break
        killed++
      }
      expect(killed).toBeGreaterThanOrEqual(5)
    } finally {
      await front.close()
      await database.close()
    }
  })
})
