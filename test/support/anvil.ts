import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createTestClient, http, publicActions, walletActions, type Hex } from 'viem'
import { foundry } from 'viem/chains'

/** A local Ethereum chain, which mines each transaction at once. */
export interface Anvil {
  readonly url: string
  stop(): void
}

/** Starts anvil on a free port, with the newest rules (EIP-7702 among them). */
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

/** A client that reads the chain and gives coins away. */
export function anvilClient(anvil: Anvil) {
  const transport = http(anvil.url)
  return createTestClient({ chain: foundry, mode: 'anvil', transport }).extend(publicActions).extend(walletActions)
}

/** Creation code of a contract whose code is `runtime`. */
export function creationCode(runtime: Hex): Hex {
  const length = ((runtime.length - 2) / 2).toString(16).padStart(2, '0')
  // PUSH1 length, DUP1, PUSH1 11, PUSH1 0, CODECOPY, PUSH1 0, RETURN
  return `0x60${length}80600b6000396000f3${runtime.slice(2)}`
}
