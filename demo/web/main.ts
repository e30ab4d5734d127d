import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcesses } from '../processes.ts'
import { startWebDemo, type WebDemo } from './start.ts'

/** How long a recovery waits, in milliseconds: long enough to click, and short where nobody does. */
const DELAYS_MS = { shown: 15_000, checked: 1_000 }

/** Serves the demo's pages until the program is interrupted. @param check plays the story in a browser instead */
export async function runWebDemo(check: boolean): Promise<void> {
  const asked = process.env['RESHARE_DEMO_RECOVERY_DELAY_MS']
  const recoveryDelayMs = asked === undefined ? (check ? DELAYS_MS.checked : DELAYS_MS.shown) : Number(asked)
  // Before anything is stored that an interrupted program would leave.
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  const folder = await mkdtemp(join(tmpdir(), 'reshare-web-demo-'))
  const processes = createProcesses()
  const starting = startWebDemo(processes, { folder: (name) => join(folder, name), recoveryDelayMs })
  try {
    const demo = await Promise.race([starting, interrupted])
    if (demo === undefined) return
    for (const reason of demo.missing) process.stdout.write(`${reason}\n`)
    process.stdout.write(`All devices on one page: ${demo.url}\n`)
    if (check) await Promise.race([playInBrowser(demo), interrupted])
    else {
      for (const { name, url } of demo.devices) process.stdout.write(`${name} alone: ${url}\n`)
      process.stdout.write('Ctrl+C ends it; everything that it has stored is then deleted.\n')
      await interrupted
    }
  } finally {
    // First, so that a start which is under way fails, and closes what it has opened.
    await processes.stop()
    await starting.then(
      (demo) => demo.close(),
      () => undefined,
    )
    await rm(folder, { recursive: true, force: true })
  }
}

/** Playwright is loaded for this alone. */
async function playInBrowser(demo: WebDemo): Promise<void> {
  const { checkWebDemo } = await import('./check/check.ts')
  await checkWebDemo(demo)
}
