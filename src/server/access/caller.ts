/** The sender of a request: a client, and which of its devices. */
export interface Caller {
  readonly clientId: string
  /** The X25519 public key that sealed the request, in lower-case hex; null if it was not sealed. */
  readonly device: string | null
}

/** Whether a caller may use a row: one bound to a device only as that device, one without a device always. */
export function canAccess(bound: Pick<Caller, 'device'>, caller: Pick<Caller, 'device'>): boolean {
  return bound.device === null || bound.device === caller.device
}
