import * as reshare from '../../../src/index.ts'
import { password } from '../../../src/backup/index.ts'
import { messagePort, serveClient } from '../../../src/remote/serve.ts'
import { indexedDbStore } from '../../../src/storage/index.ts'
import { httpTransport } from '../../../src/transport/index.ts'

// The inside of a worker: its name says which server and which user.
const { url, token, store, backendUrl } = JSON.parse(self.name) as Record<
  'url' | 'token' | 'store' | 'backendUrl',
  string
>
const headers = () => ({ authorization: `Bearer ${token}` })
const client = reshare.createClient({ transport: httpTransport(url, { headers }), storage: indexedDbStore(store) })
serveClient(client, messagePort(self), {
  actions: reshare,
  methods: { password: ({ password: secret }) => password(secret ?? '') },
  sources: { custodian: () => reshare.custodianBackups(httpTransport(backendUrl, { headers })) },
  approve: () => true,
})
