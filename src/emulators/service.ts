import { systemClock, type ServiceClock } from './clock.ts'
import type { Fault, FaultPlan, ServiceCall, ServiceRequest } from './faults.ts'
import { assertObject } from '../util/arguments.ts'

/** A service of somebody else's that runs in this process: a `fetch` for its client, and controls for a test. */
export interface EmulatedService {
  /** Takes what the platform's `fetch` takes, and fails as that does: `TypeError` without a connection. */
  fetch(this: void, input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** What time it is for the service. */
  readonly clock: ServiceClock
  /** The last requests, oldest first, with tokens and keys in them: for tests. */
  readonly calls: readonly ServiceCall[]
  /**
   * Says which requests go wrong from now on, and how. It takes the place of the plan before; without one, none does.
   *
   * @param plan is asked before each request is carried out, and may wait, which holds that request up
   */
  setFaults(plan?: FaultPlan): void
}

/** Options of {@link emulateService}. */
export interface ServiceOptions {
  /** Default: the clock of the system. */
  readonly clock?: ServiceClock | undefined
  /** How many requests are remembered. Default: 10,000. */
  readonly maxCalls?: number
  /** Carries a request out, at once: while it runs, no other request does. */
  readonly handle: (request: ServiceRequest) => Response
}

/** The common part of every emulator: counting, recording and faults around `handle`. */
export function emulateService(options: ServiceOptions): EmulatedService {
  const { clock = systemClock(), maxCalls = 10_000, handle } = assertObject(options, 'emulateService')
  if (typeof handle !== 'function') throw new TypeError('handle must be a function')
  const calls: ServiceCall[] = []
  let count = 0
  let counted = 0
  let plan: FaultPlan | undefined

  return {
    clock,
    calls,

    setFaults(next) {
      plan = next
      counted = 0
    },

    async fetch(input, init) {
      const request = new Request(input, init)
      const { signal } = request
      const received = await readRequest(request)
      signal.throwIfAborted()
      const call: Writable<ServiceCall> = { ...received, index: ++count, receivedAt: clock.now() }
      calls.push(call)
      if (calls.length > maxCalls) calls.shift()
      const fault = await unlessAborted(signal, plan?.(call, ++counted))
      if (fault !== undefined) call.fault = fault
      const response = await unlessAborted(
        signal,
        respond(fault, () => handle(received)),
      )
      call.status = response.status
      return response
    },
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

async function readRequest(request: Request): Promise<ServiceRequest> {
  const { method, url, headers } = request
  return { method, url: new URL(url), headers, body: new Uint8Array(await request.arrayBuffer()) }
}

async function respond(fault: Fault | undefined, carryOut: () => Response): Promise<Response> {
  if (fault === undefined) return carryOut()
  if (fault.type === 'truncate') return truncated(carryOut(), fault.clean === true)
  const response = fault.carriedOut === true ? carryOut() : undefined
  if (fault.type === 'disconnect') throw new TypeError('fetch failed')
  if (fault.type === 'respond') return new Response(fault.body ?? null, fault)
  await new Promise((resolve) => {
    // Without an end, only the caller's signal ends it.
    if (Number.isFinite(fault.ms)) setTimeout(resolve, fault.ms)
  })
  return response ?? carryOut()
}

/** The first part of a response: half of its body, after which the connection breaks, or ends as if that were all. */
async function truncated(response: Response, clean: boolean): Promise<Response> {
  const { status, headers } = response
  const whole = new Uint8Array(await response.arrayBuffer())
  const half = whole.subarray(0, whole.length >> 1)
  if (whole.length === 0) throw new TypeError('fetch failed')
  if (clean) return new Response(half, { status, headers })
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(half)
    },
    // Not in start: an error takes away what was not read yet.
    pull(controller) {
      controller.error(new TypeError('terminated'))
    },
  })
  return new Response(body, { status, headers })
}

async function unlessAborted<T>(signal: AbortSignal, work: T | Promise<T>): Promise<T> {
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop)
  })
  try {
    const result = await Promise.race([work, aborted])
    signal.throwIfAborted()
    return result
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
