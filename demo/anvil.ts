import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/** A local Ethereum chain, which mines each transaction at once. */
export interface Anvil {
  readonly url: string
  stop(): void
}

/**
 * Starts anvil on a free port, with the newest rules (EIP-7702 among them).
 *
 * @throws {Error} if there is no anvil for this platform
 */
export async function startAnvil(): Promise<Anvil> {
  const child = spawn(anvilBinary(), ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((resolve, reject) => {
    let output = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${output}`)))
    // Read to the end of its life: it would wait on a full pipe.
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const port = /Listening on 127[.]0[.]0[.]1:(\d+)/.exec(output)?.[1]
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
    })
  })
  return { url, stop: () => child.kill() }
}

/** The program itself: the package's own starter would not pass a signal on in time. */
function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
  return resolve(`${name}/bin/anvil${process.platform === 'win32' ? '.exe' : ''}`)
}
