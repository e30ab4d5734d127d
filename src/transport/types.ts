/** One request to the signing server. Every request is idempotent, so it may be sent again unchanged. */
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

/** The server's response, with any status. */
export interface TransportResponse {
  /** The HTTP status. */
  readonly status: number
  /** The response's body; empty for none. */
  readonly body: Uint8Array
  /** How long to wait before the request is sent again, in milliseconds: its `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfterMs?: number
}

/** Sends requests to the signing server. A transport need not repeat requests that fail: the client's actions do. */
export interface Transport {
  /**
   * Sends one request and reads the whole response. A response with an HTTP error status is not an error.
   *
   * @throws {NETWORK_ERROR} if no response arrived; with `retryable: false` if repeating the request would not help
   * @throws {MALFORMED_RESPONSE} if a response arrived that is refused unread, such as a redirect
   * @throws {TIMEOUT} if no response arrived in time
   * @throws {ABORTED} if `request.signal` was aborted
   */
  request(request: TransportRequest): Promise<TransportResponse>
  /**
   * The id by which the server knows this device: 32 bytes in lower-case hex. Absent in a transport that does not seal its
   * requests. A transport that wraps another must pass it on: `joinWallet` names the device to the one that invites it.
   *
   * @throws {STORAGE_UNAVAILABLE | STORAGE_FULL} if the device key could not be stored
   */
  deviceId?(): Promise<string>
}
