import { createClient, type ClientOptions } from '../../../src/client/client.ts'
import type { Client } from '../../../src/client/types.ts'
import { memoryStore } from '../../../src/storage/memory.ts'
import { seededRandom } from '../../support/random.ts'
import { memoryServer, type MemoryServer } from './memory-server.ts'

/** A server and a way to make devices that talk to it. */
export interface Stage {
  readonly server: MemoryServer
  device(label?: string, options?: Partial<ClientOptions>): Client
}

export function stage(): Stage {
  const random = seededRandom()
  const server = memoryServer(random)
  return {
    server,
    device: (label = 'device', options = {}) =>
      createClient({
        transport: server,
        storage: memoryStore(),
        random,
        label,
        repeats: false,
        pool: { size: 0 },
        ...options,
      }),
  }
}
