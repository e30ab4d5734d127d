import { randomBytes } from 'node:crypto'
import { x25519 } from '@noble/curves/ed25519.js'
import { openChains, type Chains } from '../chains.ts'
import type { Processes } from '../processes.ts'
import { bundlePages, type PageFiles } from './bundle.ts'
import { DEVICES, type DeviceAddress, type DeviceConfiguration } from './configuration.ts'
import { servePage } from './page-server.ts'
import { serveServices } from './services.ts'

const USER_ID = 'alice'
const CLIENT_ID = 'client-of-alice'

/** Everything that the pages need, on loopback. */
export interface WebDemo {
  /** The page with all devices. */
  readonly url: string
  readonly devices: readonly DeviceAddress[]
  /** What a browser loads, by path. */
  readonly files: PageFiles
  /** Whether there is an Ethereum chain. */
  readonly ethereum: boolean
  /** Why a chain was left out. */
  readonly missing: readonly string[]
  close(): void
}

/** What the pages' servers show once it is there: their ports must be known before the servers that they call start. */
interface Shared {
  files: PageFiles
  chains?: Chains
  configuration?: Omit<DeviceConfiguration, 'device'>
  overviewUrl?: string
}

/** Options of {@link startWebDemo}. */
export interface WebDemoOptions {
  /** Where a database goes. */
  readonly folder: (name: string) => string
  /** How long a recovery waits, so that another device can cancel it: a day in an app. */
  readonly recoveryDelayMs: number
}

/** Starts both servers, the chains, the emulated clouds and the pages. If one fails, the others are closed. */
export async function startWebDemo(processes: Processes, options: WebDemoOptions): Promise<WebDemo> {
  const shared: Shared = { files: new Map() }
  const opening = openChains()
  const services = await serveServices(() => shared.chains)
  const pages = await servePages(shared)
  const closeAll = (chains: Chains) => {
    chains.ethereum?.stop()
    services.close()
    for (const page of [...pages.devices, pages.overview]) page.close()
  }
  try {
    const chains = await connectPages(shared, { processes, options, pages, opening, services: services.url })
    return {
      url: pages.overview.url,
      devices: pages.addresses,
      files: shared.files,
      ethereum: chains.ethereum !== undefined,
      missing: chains.missing,
      close: () => closeAll(chains),
    }
  } catch (error) {
    closeAll(await opening)
    throw error
  }
}

interface Started {
  readonly processes: Processes
  readonly options: WebDemoOptions
  readonly pages: Awaited<ReturnType<typeof servePages>>
  readonly opening: Promise<Chains>
  /** The URL of the emulated clouds. */
  readonly services: string
}

/** Starts the servers that the pages call, and tells the pages of them. */
async function connectPages(
  shared: Shared,
  { processes, options, pages, opening, services }: Started,
): Promise<Chains> {
  const bundling = bundlePages()
  // Awaited below; an error of the servers comes first.
  bundling.catch(() => undefined)
  shared.overviewUrl = pages.overview.url
  const servers = await startServers(processes, options, pages.addresses.map(({ url }) => url).join())
  const chains = (shared.chains = await opening)
  shared.files = await bundling
  shared.configuration = {
    ...servers,
    run: randomBytes(8).toString('hex'),
    userId: USER_ID,
    services,
    ethereum: chains.ethereum?.url ?? null,
    solana: chains.solana?.recipient ?? null,
  }
  return chains
}

/** A page for each device, and one that shows them all. */
async function servePages(shared: Shared) {
  const files = () => shared.files
  const devices = await Promise.all(
    DEVICES.map((device) =>
      servePage({
        entry: '/device.html',
        files,
        data: { '/configuration.json': () => ({ ...shared.configuration, device }) },
        policy: () => devicePolicy(shared),
      }),
    ),
  )
  const addresses = DEVICES.map((name, index) => ({ name, url: devices[index]!.url }))
  const overview = await servePage({
    entry: '/overview.html',
    files,
    data: { '/devices.json': () => addresses },
    policy: () => ({ 'frame-src': addresses.map(({ url }) => url).join(' ') }),
  })
  return { devices, overview, addresses }
}

/** A custodian app and a signing server that the pages may call. */
async function startServers(processes: Processes, { folder, recoveryDelayMs }: WebDemoOptions, origins: string) {
  const webhookSecret = randomBytes(24).toString('hex')
  const session = randomBytes(24).toString('hex')
  const channelKey = randomBytes(32)
  const exportCode = randomBytes(24).toString('hex')
  const custodian = await processes.startServer<{ url: string }>('custodian-app', {
    DATA: folder('custodian'),
    WEBHOOK_SECRET: webhookSecret,
    USER_ID,
    CLIENT_ID,
    SESSION: session,
    ALLOWED_ORIGINS: origins,
  })
  const server = await processes.startServer<{ url: string; token: string }>('signing-server', {
    DATA: folder('server'),
    WEBHOOK_URL: custodian.url,
    WEBHOOK_SECRET: webhookSecret,
    CLIENT_ID,
    ALLOWED_ORIGINS: origins,
    CHANNEL_KEY: channelKey.toString('hex'),
    EXPORT_CODE: exportCode,
    POLICY: 'page',
    RECOVERY_DELAY_MS: String(recoveryDelayMs),
  })
  return {
    signingServer: server.url,
    serverKey: Buffer.from(x25519.getPublicKey(channelKey)).toString('hex'),
    token: server.token,
    exportCode,
    app: custodian.url,
    session,
  }
}

/** A device may connect to the servers of the demo, and be shown in the page with all devices. */
function devicePolicy({ configuration, overviewUrl }: Shared): Record<string, string> {
  const { signingServer, app, services, ethereum } = configuration ?? {}
  const servers = [signingServer, app, services, ethereum].filter((url) => typeof url === 'string')
  return { 'connect-src': ["'self'", ...servers].join(' '), 'frame-ancestors': overviewUrl ?? "'none'" }
}
