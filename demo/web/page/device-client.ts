import { createClient, custodianBackups, type BackupSource, type Client } from 'reshare'
import { sealedTransport } from 'reshare/channel'
import type { ShareStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'
import type { DeviceConfiguration } from '../configuration.ts'

/** A client of this device, wherever it runs: in the worker, or in the page. */
export interface DeviceClient {
  readonly client: Client
  /** The user's backups, from the app's backend. */
  readonly backups: BackupSource
}

/** How long an action waits for another device to approve it, or for its time to come. */
const APPROVAL_WAIT_MS = 15 * 60_000

/** Every request to the signing server is sealed to its key, and bound to the key of this device. */
export function createDeviceClient(configuration: DeviceConfiguration, storage: ShareStore): DeviceClient {
  const { device, signingServer, serverKey, token, app, session } = configuration
  const transport = sealedTransport({
    transport: httpTransport(signingServer),
    serverKey: Uint8Array.from(serverKey.match(/../g)!, (byte) => parseInt(byte, 16)),
    storage,
    headers: () => ({ authorization: `Bearer ${token}` }),
  })
  const login = { authorization: `Bearer ${session}` }
  return {
    client: createClient({ transport, storage, label: device, waitForApprovalMs: APPROVAL_WAIT_MS }),
    backups: custodianBackups(httpTransport(app, { headers: () => login })),
  }
}
