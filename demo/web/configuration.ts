/** What a device's page is told by its own server, `GET /configuration.json`: what an app's page gets after login. */
export interface DeviceConfiguration {
  /** The name of the device, such as `Phone`. */
  readonly device: string
  /** Fresh at each start of the demo, so that a browser's store from an earlier run is not taken for one of this run. */
  readonly run: string
  readonly signingServer: string
  /** The signing server's public key, to which requests are sealed: 32 bytes in lower-case hex. */
  readonly serverKey: string
  /** The API token of the user's client. */
  readonly token: string
  /** What the signing server takes for the user's consent to an export; an app sends a code by another way. */
  readonly exportCode: string
  /** The app's own backend, which is the custodian. */
  readonly app: string
  readonly userId: string
  readonly session: string
  /** What the demo serves in the place of services of others: clouds, and the keeper of test money. */
  readonly services: string
  /** The node of the Ethereum chain; null if anvil does not run on this machine. */
  readonly ethereum: string | null
  /** An account of the Solana chain that money may be sent to; null if litesvm does not run on this machine. */
  readonly solana: string | null
}

/** A device of the demo: one origin each, so that each has a store of its own. */
export const DEVICES = ['Phone', 'Laptop', 'Tablet'] as const
export type DeviceName = (typeof DEVICES)[number]

/** What the page with all devices is told, `GET /devices.json`. */
export interface DeviceAddress {
  readonly name: DeviceName
  readonly url: string
}

/** A guardian, as `POST /guardians/list` names them. */
export interface GuardianKey {
  readonly name: string
  /** The age recipient to which a part of a backup is sealed. */
  readonly recipient: string
}

/** What `POST /guardians/open` is asked: a part of a backup, for a device that recovers. */
export interface GuardianRequest {
  readonly name: string
  readonly cipherText: string
  /** Of the device that recovers. */
  readonly recipient: string
  /** What the user reads to the guardian. */
  readonly fingerprint: string
  readonly walletId: string
}

export interface GuardianPart {
  /** The part, sealed to the device that asked. */
  readonly text: string
}
