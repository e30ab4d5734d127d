import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The demo as a user starts it, in a process of its own. */
export interface RunningDemo {
  /** The page with all devices. */
  readonly url: string
  close(): Promise<void>
}

/** How long a recovery waits, in milliseconds. */
const SHORT_DELAY_MS = 500

/** Starts the built demo. @throws {Error} with what it printed, if it ends before it has printed its address */
export async function startDemo(recoveryDelayMs = SHORT_DELAY_MS): Promise<RunningDemo> {
  const child = spawn(process.execPath, ['build/demo/main.js', '--web'], {
    cwd: root,
    env: { ...process.env, RESHARE_DEMO_RECOVERY_DELAY_MS: String(recoveryDelayMs) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString()
      const address = /All devices on one page: (\S+)/.exec(output)?.[1]
      if (address !== undefined) resolve(address)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${output}`)))
  })
  return {
    url,
    async close() {
      child.kill('SIGINT')
      await ended
    },
  }
}
