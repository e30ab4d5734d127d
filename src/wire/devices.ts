/** One device as `GET /v1/devices` shows it: it is listed from its first share set on. */
export interface DeviceStatus {
  /** Its X25519 public key, 32 bytes in lower-case hex. */
  readonly deviceId: string
  /** What its newest signing set is called: the device's own word. */
  readonly label: string
  /** ISO 8601, by the server's clock; when it made its first set */
  readonly createdAt: string
  /** To the hour. */
  readonly lastUsedAt: string
  /** When it was revoked (ISO 8601), else null. */
  readonly revokedAt: string | null
  /** The signing sets that it can use now. */
  readonly setIds: readonly string[]
}

/**
 * The signing sets in use that were made unsealed, as `GET /v1/devices` shows them after the devices, if there are any. They are
 * bound to none and serve every caller: no revocation ends them, `retireSet` does.
 */
export interface UnboundSets extends Omit<DeviceStatus, 'deviceId' | 'revokedAt'> {
  readonly deviceId: null
  readonly revokedAt: null
}

export type ListedDevice = DeviceStatus | UnboundSets
