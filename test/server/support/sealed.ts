import { beforeEach } from 'vitest'
import { sealedTransport } from '../../../src/channel/index.ts'
import { sealRequest } from '../../../src/channel/seal.ts'
import { generateKeyPair, type HpkeKeyPair } from '../../../src/hpke/x25519.ts'
import type { Server } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport, type Transport } from '../../../src/transport/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { RandomSource } from '../../../src/util/random.ts'
import { ROUND_CONTENT_TYPE } from '../../../src/wire/round-body.ts'
import type { ServerClient } from '../../support/server-client.ts'
import { fileWorld } from './file-world.ts'
import type { World } from './world.ts'

/** A server that opens sealed requests, and those who send it some. */
export interface SealedWorld {
  readonly world: World
  /** Has both keys. */
  readonly server: Server
  readonly current: HpkeKeyPair
  readonly previous: HpkeKeyPair
  newClientId(): string
  /** A sealed request of a device, at the level of bytes. */
  seal(plaintext: Uint8Array, serverKey?: Uint8Array): ReturnType<typeof sealRequest>
  /** Seals the requests of a client, to the current key unless it says otherwise. */
  transportOf(clientId: string, to?: Transport, serverKey?: Uint8Array): Transport
  /** A client of the protocols whose requests are sealed. */
  client(clientId: string, transport?: Transport): ServerClient
}

/** @param take gets the world of a file before its first test */
export function fileSealed(take: (sealed: SealedWorld) => void): void {
  let world: World
  fileWorld(async (made) => {
    world = made
    const sealed = createSealedWorld(made)
    await sealed.server.sweep()
    take(sealed)
  })
  beforeEach(() => {
    world.errors.length = 0
  })
}

function createSealedWorld(world: World): SealedWorld {
  const { random } = world
  const [current, previous, device] = [generateKeyPair(random), generateKeyPair(random), generateKeyPair(random)]
  const server = world.server({ channelKeys: [current.secretKey, previous.secretKey] })
  const sealed: SealedWorld = {
    world,
    server,
    current,
    previous,
    newClientId: () => `sealed-${toHex(random(8))}`,
    seal: (plaintext, serverKey = current.publicKey) => sealRequest(serverKey, device, plaintext, random),
    transportOf(clientId, transport = inProcessTransport(server), serverKey = current.publicKey) {
      const headers = () => ({ authorization: `Test ${clientId}` })
      return sealedTransport({ transport, serverKey, storage: memoryStore(), headers, random })
    },
    client: (clientId, transport = sealed.transportOf(clientId)) => transportClient(transport, clientId, random),
  }
  return sealed
}

/** A client of the protocols whose requests go through a transport. */
export function transportClient(transport: Transport, clientId: string, random: RandomSource): ServerClient {
  return {
    clientId,
    random,
    send(method, path, body) {
      const round = body && { contentType: ROUND_CONTENT_TYPE, body }
      return transport.request({ method: method as 'GET', path, ...round })
    },
  }
}
