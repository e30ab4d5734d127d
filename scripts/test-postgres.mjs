// @ts-check
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onPath } from '../test/support/browsers/engines.mjs'

/**
 * A PostgreSQL server for one run of the tests.
 *
 * @typedef {object} TestPostgres
 * @property {string} url
 * @property {() => number} pid of its first process
 * @property {() => Promise<void>} restart ends it as a crash does, and lets it recover; the URL stays
 * @property {() => Promise<void>} stop ends the server and deletes its data
 */

/** Durability that a database of one test run does not need. */
const SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200']

/** @typedef {import('node:child_process').ChildProcessByStdio<null, null, import('node:stream').Readable>} Server */

/**
 * Starts a throw-away PostgreSQL on a free loopback port, with a random password and its data in a temporary folder.
 *
 * @param {readonly string[]} [settings] `name=value`
 * @returns {Promise<TestPostgres | undefined>} nothing where PostgreSQL is not installed
 */
export async function startTestPostgres(settings = SETTINGS) {
  const initdb = findPostgresProgram('initdb')
  const postgres = findPostgresProgram('postgres')
  if (initdb === undefined || postgres === undefined) return undefined

  const account = serverAccount()
  const folder = mkdtempSync(join(tmpdir(), 'reshare-postgres-'))
  const discard = () => rmSync(folder, { recursive: true, force: true })
  try {
    const password = randomBytes(16).toString('hex')
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, password, { mode: 0o600 })
    if (account) for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid)

    const data = join(folder, 'data')
    const create = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile]
    const created = spawnSync(initdb, [...create, '-E', 'UTF8', '--locale=C', '--no-sync'], {
      ...account,
      cwd: folder,
      encoding: 'utf8',
    })
    if (created.status !== 0) throw new Error(`initdb failed: ${created.stderr}`)

    const port = await freePort()
    const options = [...settings, `unix_socket_directories=${folder}`].flatMap((setting) => ['-c', setting])
    const start = async () => {
      const started = spawn(postgres, ['-D', data, '-h', '127.0.0.1', '-p', `${port}`, ...options], {
        ...account,
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
        // A process group of its own: Ctrl-C reaches the tests first, and the server is stopped after them.
        detached: true,
      })
      await untilReady(started)
      return started
    }
    let server = await start()
    const end = async () => {
      const ended = once(server, 'exit')
      // SIGQUIT is PostgreSQL's immediate shutdown: nothing is written but what was committed.
      if (server.exitCode === null && server.kill('SIGQUIT')) await ended
    }
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      pid: () => server.pid ?? 0,
      async restart() {
        await end()
        server = await start()
      },
      async stop() {
        await end()
        discard()
      },
    }
  } catch (error) {
    discard()
    throw error
  }
}

/** On PATH, else in Debian's folder of the newest version. @param {string} name */
export function findPostgresProgram(name) {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return onPath([name]) ?? versions.map((version) => join(root, version, 'bin', name)).find((path) => existsSync(path))
}

/** PostgreSQL refuses to run as root: there the account of its package runs it. */
export function serverAccount() {
  if (process.getuid?.() !== 0) return undefined
  const id = (/** @type {'-u' | '-g'} */ flag) => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' })
    if (status !== 0) throw new Error('PostgreSQL does not run as root, and there is no account "postgres"')
    return Number(stdout)
  }
  return { uid: id('-u'), gid: id('-g') }
}

/** A loopback port that nobody listens on now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

/** @param {Server} server */
async function untilReady(server) {
  const log = /** @type {string[]} */ ([])
  for await (const line of createInterface({ input: server.stderr })) {
    log.push(line)
    if (line.includes('ready to accept connections')) {
      server.stderr.resume()
      return
    }
  }
  throw new Error(`PostgreSQL did not start:\n${log.join('\n')}`)
}
