/** A device as listed by `GET /v1/devices`. It is listed once it has made a share set. */
export interface DeviceStatus {
  /** Its X25519 public key, 32 bytes in lower-case hex. */
  readonly deviceId: string
  /** The label of its newest signing set, chosen by the device. */
  readonly label: string
  /** When it made its first set (ISO 8601, by the server's clock). */
  readonly createdAt: string
  /** Accurate to the hour. */
  readonly lastUsedAt: string
  /** When it was revoked (ISO 8601), else null. */
  readonly revokedAt: string | null
  /** The signing sets that it can use now. */
  readonly setIds: readonly string[]
}

/**
 * The signing sets in use that were made over an unsealed transport, listed by `GET /v1/devices` after the devices if
 * there are any. They are not bound to a device, so every caller of the client may use them, and no revocation ends
 * them; `retireSet` does.
 */
export interface UnboundSets extends Omit<DeviceStatus, 'deviceId' | 'revokedAt'> {
  /** Null: the sets belong to no device. */
  readonly deviceId: null
  /** Null: they cannot be revoked. */
  readonly revokedAt: null
}

/** One entry of {@link listDevices}: a device, or the signing sets that belong to no device. */
export type ListedDevice = DeviceStatus | UnboundSets
