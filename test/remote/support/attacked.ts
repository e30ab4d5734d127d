import { remoteClient, type RemoteClientOptions } from '../../../src/remote/index.ts'
import { toBase64 } from '../../../src/util/bytes.ts'
import { stringPorts } from './ports.ts'
import { rawSide } from './raw.ts'

export const walletId = '00'.repeat(16)
export const setId = '11'.repeat(32)
export const publicKeys = {
  secp256k1: toBase64(new Uint8Array(33).fill(2)),
  ed25519: toBase64(new Uint8Array(32).fill(3)),
}
export const wallet = { id: walletId, setId, publicKeys }

/** A client whose host writes its own messages. */
export function attacked(options: RemoteClientOptions = {}) {
  const ports = stringPorts()
  const raw = rawSide(ports.host)
  const client = remoteClient(ports.app, { connectMs: 300, ...options })
  const ready = async () => {
    const { session } = await raw.next({ type: 'hello' })
    raw.send({ type: 'ready', session })
    return session as string
  }
  /** Responds to the next call with these fields. */
  const respond = async (message: object) => {
    const session = await ready()
    const { id } = await raw.next({ type: 'call' })
    raw.send({ session, id, ...message })
  }
  return { ports, raw, client, ready, respond }
}
