// @ts-check
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quietly, versionOf } from '../support/built.mjs'
import { exampleFolder } from '../support/examples.mjs'

export const name = 'example-webview-types'
export const what = 'examples/react-native-webview, React Native’s types'
export const group = 'examples'
export const version = versionOf('react-native')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = exampleFolder(context, 'react-native-webview')
  // What the example's build writes.
  writeFileSync(join(folder, 'wallet.generated.ts'), "export const walletPage = ''\n")
  await quietly(context, folder)('typescript/bin/tsc', '-p', '.')
  return 'the app compiles'
}
