// @ts-check
// Cells of servers that another framework serves, by the code of docs/runtimes.md.
import { blockOf } from './docs-block.mjs'
import { ran } from './context.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/**
 * A cell that runs its code with a program that listens.
 *
 * @param {string} name of the cell; its code is app.js, which may import server.js
 * @param {string} listen statements that begin to serve `app`, whose exports they get, and give the server's URL as `url`
 */
export function mountedAs(name, listen) {
  const main = `import { createServer } from 'node:http'
import { once } from 'node:events'
import * as app from './app.js'
import { newToken } from './server.js'

${listen}
console.log(JSON.stringify({ url, token: await newToken() }))
`
  const files = () => ({
    'app.js': blockOf(name),
    'server.js': `export * from './story/server.mjs'\n`,
    'main.js': main,
  })
  return {
    /** @param {Context} context */
    async run({ folder, project, run, start }) {
      const { ready, output, stop } = await start(process.execPath, ['main.js'], { cwd: folder(name, files()) })
      try {
        const client = ['story/program.mjs', ready.url, ready.token]
        return ran(JSON.parse(await run(process.execPath, client, { cwd: project })))
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\nthe server said: ${output()}`, {
          cause: error,
        })
      } finally {
        await stop()
      }
    },
  }
}

/** Listens to what handles a request of Node, and finds the server below /mpc. */
export const LISTEN = `const listener = createServer(app.default).listen(0, '127.0.0.1')
await once(listener, 'listening')
const url = \`http://127.0.0.1:\${listener.address().port}/mpc\``
