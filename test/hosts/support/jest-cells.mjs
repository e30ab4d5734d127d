// @ts-check
// Jest runs tests that are ES modules, as docs/runtimes.md says.
import { versionOf } from './built.mjs'

const TEST = `import { expect, test } from '@jest/globals'
import { runApp } from './story/app.mjs'

test('the app runs', async () => {
  const { HOSTS_URL: url, HOSTS_TOKEN: token } = process.env
  const result = await runApp({ url, token })
  expect(result.schemes).toEqual(['ed25519', 'ecdsa'])
}, 100_000)
`

/**
 * @param {string} name
 * @param {object} settings of Jest
 * @param {Readonly<Record<string, string>>} [files]
 */
export function jestCell(name, settings, files) {
  return {
    version: versionOf('jest'),
    /** @param {import('./context.mjs').Context} context */
    async run(context) {
      const { bin, url, token } = context
      const jest = { ...settings, transform: {}, injectGlobals: false }
      const manifest = { name, private: true, type: 'module', jest }
      const folder = context.folder(name, { 'package.json': manifest, 'app.test.js': TEST, ...files })
      const env = { HOSTS_URL: url, HOSTS_TOKEN: await token() }
      const parameters = ['--experimental-vm-modules', bin('jest/bin/jest.js'), '--runInBand', '--no-cache']
      await context.run(process.execPath, parameters, { cwd: folder, env })
      return 'generate, backup, recover, sign (ed25519, ecdsa)'
    },
  }
}
