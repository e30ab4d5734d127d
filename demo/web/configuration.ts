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
  /** The app's own backend, which is the custodian. */
  readonly app: string
  readonly userId: string
  readonly session: string
  /** What the demo serves in the place of services of others: clouds, and the keeper of test money. */
  readonly services: string
  /** The node of the Ethereum chain; null if anvil does not run on this machine. */
  readonly ethereum: string | null
  /** Whether there is a Solana chain. */
  readonly solana: boolean
}

/** A device of the demo: one origin each, so that each has a store of its own. */
export const DEVICES = ['Phone', 'Laptop', 'Tablet'] as const
export type DeviceName = (typeof DEVICES)[number]

/** What the page with all devices is told, `GET /devices.json`. */
export interface DeviceAddress {
  readonly name: DeviceName
  readonly url: string
}
