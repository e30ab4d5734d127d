import type { OtState } from '../../../src/protocol/ecdsa/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { play, type ServerClient } from '../../support/server-client.ts'
import { newDevices, type DeviceServer } from './devices.ts'
import { TestJoin, type JoinOptions } from './joins.ts'
import { newWallet, setIdOf, setup, type TestWallet } from './wallets.ts'
import type { World } from './world.ts'

export const HOUR = 3_600_000

/** A device that has a limited set, and the one that has made it. */
export interface LimitedDevices {
  readonly clientId: string
  readonly phone: ServerClient
  readonly phoneId: string
  /** The set without limits, on the phone. */
  readonly wallet: TestWallet
  readonly agent: ServerClient
  readonly agentId: string
  readonly limited: TestWallet
  readonly setId: string
  /** The limits of that set. */
  readonly limits: Pick<JoinOptions, 'scope' | 'expiresAt'>
}

/** The time in some milliseconds, as requests name it. */
export const inMs = ({ now }: World, ms: number) => new Date(now() + ms).toISOString()

/** A wallet on a phone, and a limited set of it on another device: for an hour and in scope `agent` unless told otherwise. */
export async function limitedDevices(
  world: World,
  server: DeviceServer,
  clientId: string,
  limits: LimitedDevices['limits'] = { scope: 'agent', expiresAt: inMs(world, HOUR) },
): Promise<LimitedDevices> {
  const { phone, phoneId, tablet: agent, tabletId: agentId } = newDevices(world, server, clientId)
  const wallet = await newWallet(phone)
  const join = await new TestJoin(phone, agent, wallet.signing, { joiningDeviceId: agentId, ...limits }).play()
  const limited = await withSetup(agent, join.joining.share)
  return { clientId, phone, phoneId, wallet, agent, agentId, limited, setId: setIdOf(limited.signing), limits }
}

/** A set with an ECDSA setup. */
export async function withSetup(client: ServerClient, signing: WalletShares): Promise<TestWallet> {
  const { request, pair } = await play(setup(client, { signing }))
  return { walletId: request.walletId, signing, pair: pair as OtState }
}
