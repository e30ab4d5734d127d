// @ts-check
import { startTestPostgres } from '../../../scripts/test-postgres.mjs'
import { bundle } from '../support/bundle.mjs'
import { ran } from '../support/context.mjs'
import { blockOf } from '../support/docs-block.mjs'
import { NotHere } from '../support/not-here.mjs'
import { withWorker, workerdVersion } from '../support/workerd.mjs'

/** @typedef {import('../support/context.mjs').Context} Context */

export const name = 'server-workerd'
export const what = 'workerd (Cloudflare Workers), on PostgreSQL'
export const group = 'servers'
export const version = workerdVersion

/** What wrangler makes of `require` in packages. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire('/worker.js');`

/** @param {Context} context */
export async function run(context) {
  const postgres = await startTestPostgres()
  if (postgres === undefined) throw new NotHere('PostgreSQL is not installed')
  try {
    const files = {
      'module.js': blockOf('workerd'),
      'main.js': blockOf(name),
      'server.js': `export { makeServer } from './story/worker-services.mjs'\n`,
    }
    const folder = context.folder(name, files)
    const external = ['reshare/core.wasm', 'node:*', 'cloudflare:*', 'pg-native'].map((path) => `--external:${path}`)
    const options = ['--platform=node', '--conditions=workerd', `--banner:js=${REQUIRE}`, ...external]
    await bundle(context, folder, { 'worker.js': 'main.js' }, options)
    const bindings = { HYPERDRIVE: { connectionString: postgres.url } }
    return await withWorker(context, { folder, script: 'worker.js', bindings }, async (url) => {
      const client = ['story/program.mjs', url, await context.token(url)]
      return ran(JSON.parse(await context.run(process.execPath, client, { cwd: context.project })))
    })
  } finally {
    await postgres.stop()
  }
}
