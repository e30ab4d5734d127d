/** A request to an emulated service, with its whole body. */
export interface ServiceRequest {
  /** In capitals: `GET`. */
  readonly method: string
  /** The absolute URL, with its query. */
  readonly url: URL
  /** The headers that the caller gave. */
  readonly headers: Headers
  /** Empty without a body. */
  readonly body: Uint8Array<ArrayBuffer>
}

/** A request that a service has got, and what became of it. */
export interface ServiceCall extends ServiceRequest {
  /** Counted from 1, over the whole life of the service. */
  readonly index: number
  /** Milliseconds since 1970, by the clock of the service. */
  readonly receivedAt: number
  /** What was made to go wrong, if anything was. */
  readonly fault?: Fault
  /** Of the response, once there is one. Undefined if the caller got none. */
  readonly status?: number
}

/** One thing that goes wrong with a request. */
export type Fault =
  | {
      /** This response comes in place of the service's own. */
      readonly type: 'respond'
      /** 200 to 599. */
      readonly status: number
      /** Such as `retry-after`. */
      readonly headers?: Readonly<Record<string, string>>
      /** Default: none. */
      readonly body?: string
      /** Whether the request has its effect all the same. Default: false. */
      readonly carriedOut?: boolean
    }
  | {
      /** The connection is lost, and there is no response. */
      readonly type: 'disconnect'
      /** Whether the request has its effect all the same. Default: false. */
      readonly carriedOut?: boolean
    }
  | {
      /** The request has its effect, and half of the response's body arrives. A response without a body is lost. */
      readonly type: 'truncate'
      /** Whether the body seems to be complete. Default: false, and reading it fails. */
      readonly clean?: boolean
    }
  | {
      /** The response comes late. */
      readonly type: 'delay'
      /** Milliseconds of real time. Infinity: until the caller aborts. */
      readonly ms: number
      /** Whether the request has its effect before the delay. Default: false. */
      readonly carriedOut?: boolean
    }

/**
 * Says what goes wrong with a request; undefined for nothing.
 *
 * @param call the request
 * @param n its number, counted from 1 since this plan was set
 */
export type FaultPlan = (call: ServiceCall, n: number) => Fault | undefined | Promise<Fault | undefined>

/**
 * A plan with this fault at the `n`-th request and no other.
 *
 * @example
 * service.setFaults(atRequest(2, { type: 'disconnect', carriedOut: true }))
 */
export function atRequest(n: number, fault: Fault): FaultPlan {
  return (_call, current) => (current === n ? fault : undefined)
}
