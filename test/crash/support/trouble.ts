import type { Custodian } from '../../../src/custodian/types.ts'
import { MpcError, type Transport } from '../../../src/index.ts'
import type { FaultInjector } from './crash-point.ts'

/** What may happen to one request of a client, or to its answer. */
export type NetworkTrouble = 'request lost' | 'answer lost' | 'request sent twice' | 'request late' | 'answer late'

/**
 * What may happen to one request of a client that is moved to another database: before it, or after it and before its answer, which
 * is lost; the client's network layer sends it again, to the other database, or does not.
 */
export type MoveTrouble = 'moved before' | 'moved, answer lost' | 'moved, sent again'

/** What may happen to one request of the server to the custodian, or to its answer. */
export type WebhookTrouble = 'webhook lost' | 'webhook failed' | 'webhook sent twice'

/** What of the world trouble needs. */
export interface Clock {
  pass(ms: number): void
}

/** Requests that are still on their way when their sender has given up. */
export interface Late {
  /** Delivers them; their answers reach nobody. */
  deliver(): Promise<void>
}

/** Longer than a client waits, by its clock. */
export const TIMEOUT_MS = 121_000

/** A fault of the network, and what it needs of the world. */
export interface NetworkFault {
  readonly kind: NetworkTrouble | MoveTrouble
  readonly faultInjector: FaultInjector
  readonly clock: Clock
  /** Moves the client to another database. */
  readonly move: () => Promise<void>
}

/** A network that has trouble with the request that the fault injector chooses. */
export function troubledTransport(
  transport: Transport,
  { kind, faultInjector, clock, move }: NetworkFault,
): Transport & Late {
  const late: (() => Promise<unknown>)[] = []
  return {
    async request(request) {
      if (!faultInjector.catches(`${request.method} ${request.path.replace(/[0-9a-f]{32,64}/, ':id')}`)) {
        return transport.request(request)
      }
      // The caller's signal has nothing to say once a request is on its way.
      const { signal: _, ...sent } = request
      const body = request.body?.slice()
      const send = () => transport.request({ ...sent, ...(body && { body }) })
      if (kind === 'request lost') throw lost()
      if (kind === 'request late') {
        late.push(send)
        throw timedOut(clock)
      }
      if (kind === 'moved before') {
        await move()
        return send()
      }
      await send()
      if (kind === 'request sent twice') return send()
      if (kind.startsWith('moved')) await move()
      if (kind === 'moved, sent again') return send()
      if (kind === 'answer late') throw timedOut(clock)
      throw lost()
    },
    async deliver() {
      for (const send of late.splice(0)) await send()
    },
  }
}

/** A custodian that the server has trouble to reach at the point that the fault injector chooses. */
export function troubledCustodian(
  custodian: Custodian,
  { kind, faultInjector }: { kind: WebhookTrouble; faultInjector: FaultInjector },
): Custodian {
  const call = async <T>(point: string, work: () => Promise<T>): Promise<T> => {
    if (!faultInjector.catches(`webhook ${point}`)) return work()
    if (kind === 'webhook lost') throw new MpcError('WEBHOOK_FAILED', 'the request to the custodian was lost')
    await work()
    if (kind === 'webhook sent twice') return work()
    throw new MpcError('WEBHOOK_FAILED', "the custodian's answer was lost")
  }
  return {
    store: (backup) => call('store', () => custodian.store(backup)),
    fetch: (clientId, setId) => call('fetch', () => custodian.fetch(clientId, setId)),
    delete: (clientId, setId) => call('delete', async () => custodian.delete?.(clientId, setId)),
  }
}

function lost(): MpcError {
  return new MpcError('NETWORK_ERROR', 'the network lost it')
}

function timedOut(clock: Clock): MpcError {
  clock.pass(TIMEOUT_MS)
  return new MpcError('TIMEOUT', 'the network took too long')
}
