// @ts-check
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * WebKitGTK has no headless mode: where there is no display, each browser gets its own, which nobody sees. Of two windows on
 * one display, the second takes the focus from the first.
 */
export async function virtualDisplay() {
  if (process.env['DISPLAY']) return { name: process.env['DISPLAY'], close: () => {} }
  // The server chooses a free number and writes it to the third descriptor.
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (server.stdio[3]) })
  const { value } = await lines[Symbol.asyncIterator]().next()
  return { name: `:${value}`, close: () => void server.kill() }
}
