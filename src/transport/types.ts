/** One request to the signing server. Every request is idempotent by design, so that it may be sent again as it is. */
export interface TransportRequest {
  /** The HTTP method. */
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Path and query below the server's base URL, starting with `/v1/`. */
  readonly path: string
  /** The content type of the body. */
  readonly contentType?: string
  /** The request's body; absent for none. */
  readonly body?: Uint8Array
  /** Aborts the request. */
  readonly signal?: AbortSignal
}

/** What the server answered, whatever the status. */
export interface TransportResponse {
  /** The HTTP status. */
  readonly status: number
  /** The response's body; empty for none. */
  readonly body: Uint8Array
  /** What the answer asks to wait before the request is sent again, in milliseconds: its `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number
}

/** Carries requests to the signing server. The client's actions repeat what fails on the way: a transport need not. */
export interface Transport {
  /**
   * Sends one request and reads the whole answer. An HTTP error status is an answer, not an error.
   *
   * @throws {NETWORK_ERROR} if no answer arrived; with `retryable: false` if sending it again would be in vain
   * @throws {TIMEOUT} if no answer arrived in time
   * @throws {ABORTED} if `request.signal` was aborted
   */
  request(request: TransportRequest): Promise<TransportResponse>
}
