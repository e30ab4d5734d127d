import { deviceId, sealedTransport } from '../../../../src/channel/index.ts'
import { generateKeyPair } from '../../../../src/hpke/x25519.ts'
import {
  createClient,
  type createFrostClient,
  type Client,
  type SetLimits,
  type ShareStore,
  type Transport,
  type TransportRequest,
  type Wallet,
} from '../../../../src/index.ts'
import { inviteDevice, joinWallet, type InvitedDevice } from '../../../../src/join.ts'
import { memoryStore } from '../../../../src/storage/index.ts'
import { inProcessTransport } from '../../../../src/transport/index.ts'
import type { RandomSource } from '../../../../src/util/random.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody } from '../../../../src/wire/round-body.ts'
import type { World } from '../../../server/support/world.ts'

export { deviceId }

export interface DeviceOptions {
  readonly storage?: ShareStore
  /** Wraps the transport: what it does is what the server, or the network, does. */
  readonly over?: (transport: Transport) => Transport
  readonly create?: typeof createFrostClient
  readonly now?: () => number
}

/** Makes a device. Every device of one maker is of the same user. */
export type MakeDevice = (label: string, options?: DeviceOptions) => Client

let users = 0

/** A maker of devices of a new user. */
export function newUser(world: World, random: RandomSource, isSealed: boolean): MakeDevice {
  const clientId = `joining user ${users++}`
  const channelKey = generateKeyPair(random)
  const server = world.server({ channelKeys: [channelKey.secretKey], authenticate: () => ({ clientId }) })
  const inner = inProcessTransport(server)
  return (label, { storage = memoryStore(), over = (same: Transport) => same, create = createClient, now } = {}) => {
    const transport = isSealed
      ? sealedTransport({ transport: inner, serverKey: channelKey.publicKey, storage, random })
      : inner
    // Not at once: a device that polls without a pause would keep timers from firing.
    const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 5))
    return create({ transport: over(transport), storage, random, label, wait, repeats: false, ...(now && { now }) })
  }
}

/** What became of both devices. */
export interface Joined {
  readonly code: string
  readonly invited: InvitedDevice | Error
  readonly wallet: Wallet | Error
}

const asError = (error: unknown) => error as Error

/** One device invites another; tells what became of either. */
export async function join(
  inviting: Client,
  joining: Client,
  walletId: string,
  limits: SetLimits = {},
): Promise<Joined> {
  const waiting = await joinWallet(joining)
  const [invited, wallet] = await Promise.all([
    inviteDevice(inviting, { walletId, code: waiting.code, label: 'tablet', ...limits }).catch(asError),
    waiting.done.catch(asError),
  ])
  return { code: waiting.code, invited, wallet }
}

/** A part of a join as the transport of one device sees it. */
export interface Part {
  readonly method: 'GET' | 'POST'
  readonly round: number
}

function isPart({ method, path }: TransportRequest, part: Part): boolean {
  const found = /^\/v1\/(?:joins|operations)\/[0-9a-f]{32}\/rounds\/([1-4])$/.exec(path)
  return found !== null && method === part.method && Number(found[1]) === part.round
}

/** Changes what the server responds to one part of a join. */
export function editing(part: Part, change: (body: RoundBody<object>) => RoundBody<object>) {
  return (transport: Transport): Transport => ({
    async request(request) {
      const response = await transport.request(request)
      if (!isPart(request, part) || response.status !== 200) return response
      const body = decodeRoundBody(response.body) as RoundBody<object>
      // A poll that has come too early.
      if (part.method === 'GET' && body.messages.length === 0) return response
      return { ...response, body: encodeRoundBody(change(body)) }
    },
  })
}

/** Calls `at` before or after one part of a join. */
export function stopping(part: Part, when: 'before' | 'after', at: () => void) {
  return (transport: Transport): Transport => ({
    async request(request) {
      if (when === 'before' && isPart(request, part)) at()
      const response = await transport.request(request)
      if (when === 'after' && isPart(request, part)) at()
      return response
    },
  })
}
