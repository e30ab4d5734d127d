import type { OperationId } from './operations.ts'

/** The server's paths. Requests carry the caller's credentials; every response but that of a round, and of `joinRound`, is JSON. */
export const paths = {
  /** POST a round body, get a round body. */
  round: (operationId: OperationId, round: number) => `/v1/operations/${operationId}/rounds/${round}`,
  /** POST nothing, get a `Decision`. */
  abort: (operationId: OperationId) => `/v1/operations/${operationId}/abort`,
  /** GET a round body: a `JoinStatus`, and what a round of a join has left for the other device. */
  joinRound: (operationId: OperationId, round: number) => `/v1/joins/${operationId}/rounds/${round}`,
  /** GET a `SetStatus`. */
  set: (setId: string) => `/v1/sets/${setId}`,
  /** POST nothing, get a `SetStatus`: the server destroys its share. */
  retire: (setId: string) => `/v1/sets/${setId}/retire`,
  /** POST nothing, get a `SetStatus`: the app has stored the cipherText of this backup set. */
  confirm: (setId: string) => `/v1/sets/${setId}/confirm`,
  /** GET `{ sets: SetStatus[] }`. */
  sets: (walletId: string) => `/v1/wallets/${walletId}/sets`,
  /** GET a `WalletPage`. */
  wallets: (after: string | null) => (after === null ? '/v1/wallets' : `/v1/wallets?after=${after}`),
  /** GET `{ devices: ListedDevice[] }`. */
  devices: '/v1/devices',
  /** POST nothing, get a `DeviceStatus`: the server refuses the device and destroys its server shares. */
  revoke: (deviceId: string) => `/v1/devices/${deviceId}/revoke`,
  /** GET `{ approvals: Approval[] }`. */
  approvals: '/v1/approvals',
  /** POST nothing, get an `Approval`. */
  approve: (approvalId: string) => `/v1/approvals/${approvalId}/approve`,
  /** POST nothing, get an `Approval`: denied, or cancelled by the device that has asked. */
  deny: (approvalId: string) => `/v1/approvals/${approvalId}/deny`,
} as const
