import { password } from '../../../src/backup/index.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { createClient, type BackupMethod, type Client, type Transport } from '../../../src/index.ts'
import type { Database } from '../../../src/server/database/types.ts'
import { createServer, type Server } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { createFuse, type Fuse } from './fuse.ts'
import type { EndingStore } from './plants.ts'
import { fusedDatabase, fusedStore, fusedTransport } from './fused.ts'

/** A device: what it stores outlives its processes. */
export interface Device {
  readonly label: string
  readonly storage: EndingStore
}

/** One database and what runs on it: servers and clients that may end at any point and start again. */
export interface World {
  readonly database: Database
  readonly custodian: Custodian
  readonly method: BackupMethod
  device(label: string): Device
  /** A new process on a device, which may end by its fuse. */
  start(device: Device, fuse?: Fuse): Client
  /** The same, with a network layer that sends again what a dying server has not answered, to the next server. */
  startPatient(device: Device): Client
  /** Ends the server and starts another, later, on the same database, which may end by its fuse. */
  restartServer(fuse?: Fuse): void
}

/** Longer than a dead server's claim on a round lasts, and than a dead client's operation may still be under way. */
const RESTART_MS = 121_000

export interface WorldOptions {
  readonly createStore?: () => EndingStore
  readonly custodian?: Custodian
}

export function createWorld(database: Database, options: WorldOptions = {}): World {
  const { createStore = memoryStore, custodian = memoryCustodian() } = options
  let time = Date.parse('2026-01-01T00:00:00Z')
  let server: Server
  const now = () => time
  const restartServer = (fuse: Fuse = createFuse()) => {
    time += RESTART_MS
    server = createServer({
      database: fusedDatabase(database, fuse),
      custodian,
      authenticate: () => ({ clientId: 'user' }),
      masterKey: new Uint8Array(32).fill(7),
      limits: { rates: null },
      now,
      // What a dying server has to say is what the test is about.
      onError: () => {},
    })
  }
  restartServer()
  const transport = inProcessTransport({ fetch: (request) => server.fetch(request) })
  return {
    database,
    custodian,
    method: password('correct horse', { insecureTestCost: { memoryKiB: 8, passes: 1 } }),
    device: (label) => ({ label, storage: createStore() }),
    start({ label, storage }, fuse = createFuse()) {
      time += RESTART_MS
      return createClient({
        transport: fusedTransport(transport, fuse),
        storage: fusedStore(storage, fuse),
        label,
        now,
      })
    },
    startPatient: ({ label, storage }) =>
      createClient({ transport: patient(transport, restartServer), storage, label, now }),
    restartServer,
  }
}

function patient(transport: Transport, restartServer: () => void): Transport {
  return {
    async request(request) {
      const response = await transport.request(request)
      if (response.status < 500) return response
      restartServer()
      return transport.request(request)
    },
  }
}

function memoryCustodian(): Custodian {
  const kept: Uint8Array[] = []
  return {
    async store({ share }) {
      kept.push(share.slice())
    },
    fetch: async () => kept.map((share) => share.slice()),
  }
}
