// The worker: the client, its shares and all arithmetic. The page talks to it by messages only.
import { backupWallet, confirmBackup, createClient, generateWallet, listWallets, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { messagePort, serveClient } from 'reshare/remote/serve'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

async function start(): Promise<void> {
  // Your app's backend says where the signing server is, and who its user is.
  const { url, token } = (await (await fetch('/config.json')).json()) as { url: string; token: string }

  const client = createClient({
    transport: httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) }),
    storage: indexedDbStore('worker-example'),
  })

  serveClient(client, messagePort(self), {
    actions: { backupWallet, confirmBackup, generateWallet, listWallets, recoverWallet, sign },
    methods: { password: (description) => password(description['password'] ?? '') },
    // The page is the app itself: it may do what the worker may.
    approve: () => true,
  })
}

void start()
