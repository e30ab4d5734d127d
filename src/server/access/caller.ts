/** Who asks: a client, and which of its devices. */
export interface Caller {
  readonly clientId: string
  /** The X25519 public key that has sealed the request, in lower-case hex; null if it came unsealed. */
  readonly device: string | null
}

/** Whether a caller may use what is bound to a device: nobody but that device may. What is bound to none serves all. */
export function canAccess(bound: Pick<Caller, 'device'>, caller: Pick<Caller, 'device'>): boolean {
  return bound.device === null || bound.device === caller.device
}
