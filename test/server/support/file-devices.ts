import { toHex } from '../../../src/util/bytes.ts'
import { deviceServer, newDevices, plantSet, type DeviceServer, type Planted } from './devices.ts'
import { fileWorld } from './file-world.ts'
import type { Database } from '../../../src/service/database/types.ts'
import type { World } from './world.ts'

/**
 * The world that the tests of a file share, and its server that knows devices.
 *
 * @param take gets them before the first test
 */
export function fileDevices(
  take: (made: { readonly world: World; readonly server: DeviceServer }) => void,
  open?: () => Promise<Database>,
) {
  let world: World
  let server: DeviceServer
  fileWorld((made) => {
    world = made
    server = deviceServer(world)
    take({ world, server })
  }, open)
  const newClientId = () => `client-${toHex(world.random(8))}`
  return {
    newClientId,
    /** A client with two devices. */
    newClient: () => newDevices(world, server, newClientId()),
    plant: (planted: Planted) => plantSet(world, server.context, planted),
  }
}
