import { password } from '../../../src/backup/index.ts'
import type { Custodian } from '../../../src/custodian/types.ts'
import { createClient, type BackupMethod, type Client, type Transport } from '../../../src/index.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { createServer, type PolicyConditions, type Server } from '../../../src/server/index.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { inProcessTransport } from '../../../src/transport/index.ts'
import { createCrashPoint, type CrashPoint, type FaultInjector } from './crash-point.ts'
import { crashingDatabase, crashingStore, crashingTransport } from './crashing.ts'
import type { EndingStore } from './planted-bugs.ts'
import {
  TIMEOUT_MS,
  troubledCustodian,
  troubledTransport,
  type Late,
  type MoveTrouble,
  type NetworkTrouble,
  type WebhookTrouble,
} from './trouble.ts'
import { createChanges, type Changes } from './polling.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import type { TwoHomes } from './two-homes.ts'

/** A device: what it stores outlives its processes. */
export interface Device {
  readonly label: string
  readonly storage: EndingStore
}

/** What a process is started with. */
export interface Start {
  /** Where it ends. */
  readonly crashPoint?: CrashPoint
  /** Whether it starts at once: what a process before it has begun may then still be under way. */
  readonly atOnce?: boolean
}

/** One database and what runs on it: servers and clients that may end at any point and start again. */
export interface World {
  readonly database: Database
  readonly masterKey: Uint8Array
  readonly custodian: Custodian
  readonly method: BackupMethod
  readonly recorder: Recorder
  /** What the policy of its servers wants of actions; all others are allowed. */
  readonly conditions: Map<string, PolicyConditions>
  /** The app's backend approves what waits, through the server that may end. */
  approve(): Promise<void>
  /** The network, for a client that is started by hand. */
  readonly transport: Transport
  /** A transport over that network, with the way to wait of a client that polls. */
  readonly polling: Changes['polling']
  now(): number
  pass(ms: number): void
  device(label: string): Device
  /** A new process on a device. */
  start(device: Device, how?: Start): Client
  /** The same, with a network layer that sends again what a dying server has not answered, to the next server. */
  startPatient(device: Device): Client
  /** Ends the server and starts another on the same database. */
  restartServer(how?: Start): void
  /** Lets the network have trouble at a point, or heals it. */
  troubleNetwork(kind?: NetworkTrouble | MoveTrouble, faultInjector?: FaultInjector): void
  /** Why the client could not be moved, which its devices take for trouble of the network. */
  readonly moveFailures: unknown[]
  /** Lets the server have trouble with the custodian at a point, or heals it. */
  troubleWebhooks(kind?: WebhookTrouble, faultInjector?: FaultInjector): void
  /** Delivers requests whose sender has given up. */
  deliverLate(): Promise<void>
  /** Lets the server's time-outs pass, and its sweep after them. */
  settleServer(): Promise<void>
}

/** The client of every device. */
const USER = 'user'

/** Longer than an operation may be played. */
const OPERATION_MS = 11 * 60_000

export interface WorldOptions {
  readonly createStore?: () => EndingStore
  readonly custodian?: Custodian
  /** What seals and opens its backups. Default: a password. */
  readonly method?: BackupMethod
  /** The two databases of a client that is moved; the world's database is then theirs. */
  readonly homes?: TwoHomes
  /** Which of two servers gets a request; without it there is one. */
  readonly chooseServer?: () => 0 | 1
}

export function createCrashWorld(database: Database, options: WorldOptions = {}): World {
  const { createStore = memoryStore, custodian = memoryCustodian(), chooseServer = () => 0, homes } = options
  const { method = password('correct horse', { insecureTestCost: { memoryKiB: 8, passes: 1 } }) } = options
  const masterKey = new Uint8Array(32).fill(7)
  let time = Date.parse('2026-01-01T00:00:00Z')
  let servers: readonly Server[]
  let reached = custodian
  const conditions = new Map<string, PolicyConditions>()
  const now = () => time
  const pass = (ms: number) => {
    time += ms
  }
  const restartServer = ({ crashPoint = createCrashPoint(), atOnce = false }: Start = {}) => {
    // Longer than a dead server's claim on a round lasts.
    if (!atOnce) pass(TIMEOUT_MS)
    const start = () =>
      createServer({
        database: crashingDatabase(database, crashPoint),
        custodian: {
          store: (backup) => reached.store(backup),
          fetch: (clientId, setId) => reached.fetch(clientId, setId),
          delete: async (clientId, setId) => reached.delete?.(clientId, setId),
        },
        authenticate: () => ({ clientId: USER }),
        authorizeExport: () => true,
        policy: ({ action }) => conditions.get(action) ?? true,
        masterKey,
        // One client is interrupted at every point within an hour of virtual time; what is cut off while it is judged counts as
        // a failed proof, and it would be locked out for that. One wallet is recovered at every point, too.
        // What waits for an approval when the server ends goes on waiting.
        limits: { rates: null, lockOut: null, signingSets: 10_000, unconfirmedBackups: 10_000, openApprovals: 10_000 },
        now,
        // What a dying server has to say is what the test is about.
        onError: () => {},
      })
    servers = [start(), start()]
  }
  restartServer()
  const moveFailures: unknown[] = []
  const recorder = createRecorder(inProcessTransport({ fetch: (request) => servers[chooseServer()]!.fetch(request) }))
  let network: Transport & Partial<Late> = recorder
  const changes = createChanges()
  const transport = changes.noticed({ request: (request) => network.request(request) })
  return {
    database,
    masterKey,
    custodian,
    conditions,
    async approve() {
      const { approvals } = servers[0]!
      for (const { approvalId, clientId, state, mayApprove } of await approvals.list()) {
        if (state === 'WAITING' && mayApprove) await approvals.approve({ clientId, approvalId })
      }
    },
    recorder,
    transport,
    polling: changes.polling,
    now,
    pass,
    method,
    device: (label) => ({ label, storage: createStore() }),
    start({ label, storage }, { crashPoint = createCrashPoint(), atOnce = false } = {}) {
      // Longer than a dead client's operation may still be under way.
      if (!atOnce) pass(TIMEOUT_MS)
      return createClient({
        pool: { size: 0 },
        ...changes.polling(crashingTransport(transport, crashPoint)),
        storage: crashingStore(storage, crashPoint),
        label,
        now,
        repeats: false,
      })
    },
    startPatient: ({ label, storage }) =>
      createClient({
        ...changes.polling(patient(transport, restartServer)),
        storage,
        label,
        now,
        repeats: false,
        pool: { size: 0 },
      }),
    restartServer,
    moveFailures,
    troubleNetwork(kind, faultInjector) {
      if (kind !== undefined && faultInjector !== undefined) {
        const move = async () => {
          await homes?.move({ masterKey, now }, USER).catch((error: unknown) => moveFailures.push(error))
          restartServer({ atOnce: true })
        }
        network = troubledTransport(recorder, { kind, faultInjector, clock: { pass }, move })
      } else network = { ...recorder, ...(network.deliver && { deliver: network.deliver }) }
    },
    troubleWebhooks(kind, faultInjector) {
      reached = kind && faultInjector ? troubledCustodian(custodian, { kind, faultInjector }) : custodian
    },
    deliverLate: async () => network.deliver?.(),
    async settleServer() {
      pass(OPERATION_MS)
      await servers[0]!.sweep()
    },
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

export function memoryCustodian(): Custodian {
  const kept = new Map<string, Uint8Array[]>()
  return {
    async store({ setId, share }) {
      kept.set(setId, [...(kept.get(setId) ?? []), share.slice()])
    },
    fetch: async (_, setId) => (kept.get(setId) ?? []).map((share) => share.slice()),
    async delete(_, setId) {
      kept.delete(setId)
    },
  }
}
