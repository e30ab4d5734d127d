import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { x25519 } from '@noble/curves/ed25519.js'
import { openChains, type Chains } from './chains.ts'
import { createProcesses, type Processes } from './processes.ts'
import { createScreen, silentScreen } from './screen.ts'
import { tellStory } from './story.ts'
import type { Report } from './report.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    web: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})

const USER_ID = 'alice'
const CLIENT_ID = 'client-of-alice'

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'reshare-demo-'))
  const processes = createProcesses()
  let chains: Chains | undefined
  const clean = async () => {
    chains?.ethereum?.stop()
    await processes.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const interrupted = () => void clean().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    chains = await openChains()
    const report = await play(processes, folder, chains)
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
    else process.stdout.write(`\nDone in ${report.durationMs} ms: one wallet, three devices, one of them left.\n`)
  } finally {
    await clean()
  }
}

async function play(processes: Processes, folder: string, chains: Chains): Promise<Report> {
  const screen = values.json ? silentScreen : createScreen(process.stdout)
  const webhookSecret = randomBytes(24).toString('hex')
  const session = randomBytes(24).toString('hex')
  const channelKey = randomBytes(32)

  screen.heading('Starting a custodian app and a signing server, each with an embedded database')
  const custodian = await processes.startServer<{ url: string }>('custodian-app', {
    DATA: join(folder, 'custodian'),
    WEBHOOK_SECRET: webhookSecret,
    USER_ID,
    CLIENT_ID,
    SESSION: session,
  })
  const server = await processes.startServer<{ url: string; token: string }>('signing-server', {
    DATA: join(folder, 'server'),
    WEBHOOK_URL: custodian.url,
    WEBHOOK_SECRET: webhookSecret,
    CLIENT_ID,
    CHANNEL_KEY: channelKey.toString('hex'),
    POLICY: 'terminal',
  })
  screen.line(`custodian app   ${custodian.url}`)
  screen.line(`signing server  ${server.url}`)

  return tellStory({
    screen,
    chains,
    secret: randomBytes(12).toString('base64'),
    startDevice: (name) =>
      processes.startDevice(name, {
        LABEL: `device ${name}`,
        DATA: join(folder, `device-${name}`),
        SERVER_URL: server.url,
        SERVER_KEY: Buffer.from(x25519.getPublicKey(channelKey)).toString('hex'),
        TOKEN: server.token,
        APP_URL: custodian.url,
        USER_ID,
        SESSION: session,
      }),
  })
}

// The pages are bundled by esbuild, which the demo in the terminal does not need.
const runWeb = async () => (await import('./web/main.ts')).runWebDemo(values.check)

await (values.web ? runWeb() : main()).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = 1
})
