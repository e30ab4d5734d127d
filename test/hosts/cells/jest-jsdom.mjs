// @ts-check
// jsdom has no fetch and no TextEncoder: the environment lends it those of Node.
import { jestCell } from '../support/jest-cells.mjs'

const ENVIRONMENT = `import { TestEnvironment } from 'jest-environment-jsdom'

export default class extends TestEnvironment {
  async setup() {
    await super.setup()
    Object.assign(this.global, { fetch, TextDecoder, TextEncoder })
  }
}
`

export const name = 'jest-jsdom'
export const what = 'Jest with jsdom, tests as ES modules'
export const group = 'frameworks'
export const { version, run } = jestCell(name, { testEnvironment: './jsdom.js' }, { 'jsdom.js': ENVIRONMENT })
