// The wallet, of an origin of its own: the client, its shares, and every dialog.
import { backupWallet, confirmBackup, createClient, generateWallet, listWallets, sign } from 'reshare'
import { password } from 'reshare/backup'
import { serveClient, windowPort } from 'reshare/remote/serve'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'
import { askPassword, confirm } from './dialog.ts'
import { describeRequest } from './request.ts'

/** The wallet serves this app and no other; its responses say so to the browser too (frame-ancestors, serve.mjs). */
const { url, token, appOrigin } = (await (await fetch('/config.json')).json()) as Record<
  'url' | 'token' | 'appOrigin',
  string
>

const client = createClient({
  transport: httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) }),
  storage: indexedDbStore('iframe-example'),
})

serveClient(client, windowPort({ window: window.parent, origin: appOrigin }), {
  actions: { backupWallet, confirmBackup, generateWallet, listWallets, sign },
  // The page names the method only. The password is asked for here, where no script of the page can read it.
  methods: { password: async (_, { signal }) => password(await askPassword(signal)) },
  approve: (request) => confirm(describeRequest(request), request.signal),
})
