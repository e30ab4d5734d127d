// This machine as a device of the user: a folder whose shares are sealed under a passphrase, and a client over it.
import { randomBytes, scrypt } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from 'reshare'
import { deviceId, sealedTransport } from 'reshare/channel'
import { fileStore } from 'reshare/storage/file'
import { lockedStore, secretLock } from 'reshare/storage/lock'
import { httpTransport } from 'reshare/transport'
import { askNewSecret, askSecret } from './prompt.js'

/** Memory-hard, some 0.5 s: whoever has the folder has to pay this for each guess. */
const COST = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 }

export interface Device {
  readonly client: Client
  /** Asks for the passphrase. */
  readonly unlock: () => Promise<void>
  /** How the server names this machine. */
  readonly id: () => Promise<string>
  readonly lock: () => void
}

/** @throws {Error} if a variable is missing */
export function openDevice(): Device {
  const { RESHARE_URL, RESHARE_TOKEN, RESHARE_SERVER_KEY, WALLET_HOME } = process.env
  if (!RESHARE_URL || !RESHARE_TOKEN || !RESHARE_SERVER_KEY) {
    throw new Error('RESHARE_URL, RESHARE_TOKEN and RESHARE_SERVER_KEY must be set')
  }
  const folder = WALLET_HOME ?? join(homedir(), '.reshare-wallet')
  const lock = secretLock({ getSecret: () => keyOf(folder) })
  const storage = lockedStore(fileStore(join(folder, 'store')), lock)
  const transport = sealedTransport({
    transport: httpTransport(RESHARE_URL),
    serverKey: Buffer.from(RESHARE_SERVER_KEY, 'hex'), // an app ships it: it is never asked of the server
    storage,
    headers: () => ({ authorization: `Bearer ${RESHARE_TOKEN}` }),
  })
  // One process signs once: nothing is made ready for a next signature.
  const client = createClient({ transport, storage, label: hostname().slice(0, 100), pool: { size: 0 } })
  const unlock = async () => void (await lock.unlock()).fill(0)
  return { client, unlock, id: () => deviceId(storage), lock: () => lock.lock() }
}

async function keyOf(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'salt')
  const known = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return undefined
  })
  if (known !== undefined) return stretch(await askSecret('Passphrase of this device'), known)
  const passphrase = await askNewSecret('passphrase of this device')
  const salt = randomBytes(16)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Never over another one: what is sealed would not open again.
  await writeFile(path, salt, { flag: 'wx', mode: 0o600, flush: true })
  return stretch(passphrase, salt)
}

function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, COST, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
