/** The sender of a request: a client, and which of its devices. */
export interface Caller {
  readonly clientId: string
  /** The X25519 public key that sealed the request, in lower-case hex; null if it was not sealed. */
  readonly device: string | null
}

/** Names one operation: ids are the client's own choice, so they mean nothing without it. */
export interface OperationKey {
  readonly clientId: string
  readonly operationId: string
}

/** An operation and the caller of a request about it. */
export interface CalledOperation extends OperationKey, Caller {}

/** Whether a caller may use a row: one bound to a device only as that device, one without a device always. */
export function canAccess(bound: Pick<Caller, 'device'>, caller: Pick<Caller, 'device'>): boolean {
  return bound.device === null || bound.device === caller.device
}
