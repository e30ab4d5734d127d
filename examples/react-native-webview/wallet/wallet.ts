// The page in the WebView: the client, with WebAssembly, which Hermes does not have. The app talks to it by strings.
import { backupWallet, confirmBackup, createClient, generateWallet, listWallets, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { serveClient, type Port } from 'reshare/remote/serve'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

declare global {
  interface Window {
    /** What the app sets before the page runs (WalletView.tsx). */
    readonly walletConfig: { readonly url: string; readonly token: string }
    /** What react-native-webview sets. */
    readonly ReactNativeWebView: { postMessage(text: string): void }
  }
}

const port: Port = {
  send: (text) => window.ReactNativeWebView.postMessage(text),
  listen(onText) {
    const receive = (event: Event) => onText((event as MessageEvent).data)
    // On iOS messages arrive at the window, on Android at the document. No other page has this one in a frame or opened it.
    for (const target of [window, document]) target.addEventListener('message', receive)
    return () => {
      for (const target of [window, document]) target.removeEventListener('message', receive)
    }
  },
}

const { url, token } = window.walletConfig
const client = createClient({
  transport: httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) }),
  storage: indexedDbStore('webview-example'),
})

serveClient(client, port, {
  actions: { backupWallet, confirmBackup, generateWallet, listWallets, recoverWallet, sign },
  methods: { password: (description) => password(description['password'] ?? '') },
  // The other side is the app itself: it may do what the page may, and has dialogs of its own.
  approve: () => true,
})
