// @ts-check
// A local Ethereum chain, from this repository's own packages.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { NotHere } from './not-here.mjs'

/**
 * Starts anvil while something uses it.
 *
 * @template T
 * @param {(url: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withAnvil(use) {
  const child = spawn(anvilPath(), ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  try {
    /** @type {string} */
    const port = await new Promise((resolve, reject) => {
      // Read to the end of its life: it would wait on a full pipe.
      createInterface({ input: child.stdout }).on('line', (line) => {
        const found = /Listening on 127[.]0[.]0[.]1:(\d+)/.exec(line)?.[1]
        if (found !== undefined) resolve(found)
      })
      void ended.then(() => reject(new Error('anvil ended before it listened')))
    })
    return await use(`http://127.0.0.1:${port}`)
  } finally {
    child.kill()
    await ended
  }
}

function anvilPath() {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  try {
    const { resolve } = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/anvil/package.json'))
    return resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/anvil`)
  } catch {
    throw new NotHere('anvil is not published for this machine')
  }
}
