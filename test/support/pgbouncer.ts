import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether PgBouncer is installed. */
export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0

/**
 * Starts PgBouncer on a free loopback port in front of a PostgreSQL.
 *
 * @param url of the database behind it
 * @returns the URL to ask it by
 */
export async function startPgBouncer(
  url: string,
  mode: 'session' | 'transaction' | 'statement',
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { hostname, port, username, password, pathname } = new URL(url)
  const folder = mkdtempSync(join(tmpdir(), 'reshare-pgbouncer-'))
  const own = await freePort()
  const config = join(folder, 'pgbouncer.ini')
  const behind = `host=${hostname} port=${port} user=${username} password=${password}`
  writeFileSync(
    config,
    `[databases]
${pathname.slice(1)} = ${behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 3
logfile = ${join(folder, 'log')}
`,
  )
  // It does not run as root.
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
  if (account) for (const path of [folder, config]) chownSync(path, account.uid, account.gid)
  const bouncer = spawn('pgbouncer', ['-q', config], { ...account, cwd: folder, stdio: 'ignore' })
  await untilListening(own, () => bouncer.exitCode === null)
  return {
    url: `postgres://anybody@127.0.0.1:${own}${pathname}`,
    async stop() {
      const ended = once(bouncer, 'exit')
      if (bouncer.exitCode === null && bouncer.kill('SIGKILL')) await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const idOf = (which: '-u' | '-g') => Number(spawnSync('id', [which, 'nobody'], { encoding: 'utf8' }).stdout)

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, 'close')
  return port
}

async function untilListening(port: number, isRunning: () => boolean): Promise<void> {
  const { connect } = await import('node:net')
  for (;;) {
    if (!isRunning()) throw new Error('PgBouncer did not start')
    const socket = connect(port, '127.0.0.1')
    const listening = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (listening) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
