// @ts-check
// examples/react-native-webview: its page in a browser, with strings to and from it as react-native-webview has them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { browserVersion } from './browsers.mjs'
import { bundle, writePage } from './bundle.mjs'
import { exampleFolder } from './examples.mjs'

/** @typedef {import('./context.mjs').Context} Context */

/** The app's side; what react-native-webview does is between it and the page. */
const APP = `import { backupWallet, generateWallet, remoteClient, sign } from 'reshare/remote'
import { reportFrom } from '../story/report.mjs'
import { webViewPort } from './web-view-port.ts'

await reportFrom('web view', async (config) => {
  const port = webViewPort((text) => dispatchEvent(new MessageEvent('message', { data: text })))
  window.walletConfig = config
  window.ReactNativeWebView = { postMessage: (text) => setTimeout(() => port.receive(String(text))) }
  const client = remoteClient(port)
  const script = document.createElement('script')
  script.src = '/wallet.js'
  document.body.append(script)

  const { id: walletId } = await generateWallet(client)
  const method = { type: 'password', password: 'correct horse battery staple' }
  const backup = await backupWallet(client, { walletId, method })
  await backup.confirm()
  const message = new TextEncoder().encode('signed in a web view')
  await sign(client, { walletId, scheme: 'ed25519', message })
  await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })

  // The engine has ended the page, as a phone does when memory is short.
  const lost = sign(client, { walletId, scheme: 'ed25519', message }).catch((error) => error.code)
  setTimeout(() => port.close())
  return { schemes: ['ed25519', 'ecdsa'], lost: await lost }
})
`

/** @param {import('./browsers.mjs').Browser} browser */
export function webViewIn(browser) {
  return {
    version: () => browserVersion(browser),
    /** @param {Context} context */
    async run(context) {
      const folder = exampleFolder(context, 'react-native-webview')
      writeFileSync(join(folder, 'app.mjs'), APP)
      // As the example's `build` does: a classic script's own names must not meet those of the window.
      await bundle(context, folder, { 'wallet.js': 'wallet/wallet.ts' }, ['--format=iife'])
      await bundle(context, folder, { 'app.js': 'app.mjs' })
      writePage(folder, '/app.js')
      const { result } = await context.page(browser, { folder })
      if (result.lost !== 'REMOTE_FAILED') throw new Error(`an action of a page that ended says ${result.lost}`)
      return `generate, backup, sign (${result.schemes.join(', ')}) over strings`
    },
  }
}
