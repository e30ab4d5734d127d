import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CONFIG = fileURLToPath(new URL('../../../deploy/haproxy.cfg', import.meta.url))

export const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0

/** HAProxy with the configuration of `deploy`, in front of two shards. */
export interface Proxy {
  readonly url: string
  readonly key: KeyObject
  /** Sends a command to its socket. */
  admin(command: string): Promise<string>
  readonly map: string
  close(): void
}

/** @param shards the URLs of their servers @param port a free one */
export async function startHaproxy(shards: readonly [string, string], port: number): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), 'reshare-haproxy-'))
  const [key, map, socket] = ['route.pem', 'clients.map', 'admin.sock'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(key, publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(map, '')
  const [a, b] = shards.map((url) => new URL(url).host)
  const haproxy = spawn('haproxy', ['-db', '-f', CONFIG], {
    env: {
      ...process.env,
      HAPROXY_LISTEN: `127.0.0.1:${port}`,
      HAPROXY_ADMIN: socket,
      ROUTE_KEY: key,
      ROUTE_MAP: map,
      SHARD_A: a,
      SHARD_B: b,
    },
  })
  let said = ''
  haproxy.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const admin = (command: string) => ask(socket, command)
  await untilReady(haproxy, () => said, admin)
  return {
    url: `http://127.0.0.1:${port}`,
    key: privateKey,
    admin,
    map,
    close() {
      haproxy.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    },
  }
}

async function untilReady(
  haproxy: ChildProcess,
  said: () => string,
  admin: (command: string) => Promise<string>,
): Promise<void> {
  for (;;) {
    if (haproxy.exitCode !== null) throw new Error(`haproxy has ended: ${said()}`)
    const isUp = await admin('show info').then(
      () => true,
      () => false,
    )
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function ask(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const connection = connect(socket, () => connection.write(`${command}\n`))
    connection.on('data', (text) => (answer += text.toString()))
    connection.on('end', () => resolve(answer))
    connection.on('error', reject)
  })
}

/** A token by which the app's backend says where a client is: a JWT, signed with ES256. */
export function routeToken(key: KeyObject, claims: object, header: object = { alg: 'ES256', typ: 'JWT' }): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
