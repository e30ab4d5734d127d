import type { OperationId } from './operations.ts'

/** The server's paths. Requests carry the caller's own credentials; every answer but a flight is JSON. */
export const paths = {
  /** POST a flight, get a flight. */
  round: (operationId: OperationId, round: number) => `/v1/operations/${operationId}/rounds/${round}`,
  /** POST nothing, get a `Decision`. */
  abort: (operationId: OperationId) => `/v1/operations/${operationId}/abort`,
  /** GET a `SetStatus`. */
  set: (setId: string) => `/v1/sets/${setId}`,
  /** POST nothing, get a `SetStatus`: the server destroys its half. */
  retire: (setId: string) => `/v1/sets/${setId}/retire`,
  /** POST nothing, get a `SetStatus`: the app has stored the cipherText of this backup set. */
  confirm: (setId: string) => `/v1/sets/${setId}/confirm`,
  /** GET `{ sets: SetStatus[] }`. */
  sets: (walletId: string) => `/v1/wallets/${walletId}/sets`,
  /** GET `{ devices: ListedDevice[] }`. */
  devices: '/v1/devices',
  /** POST nothing, get a `DeviceStatus`: the server answers the device no more, and destroys its halves. */
  revoke: (deviceId: string) => `/v1/devices/${deviceId}/revoke`,
} as const
