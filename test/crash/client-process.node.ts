// One process of a device in killed-processes.node.test.ts: `client-process <folder> <url> <walletId>` refreshes a wallet.
import { createClient, refreshShares } from '../../src/index.ts'
import { fileStore } from '../../src/storage/file.ts'
import { httpTransport } from '../../src/transport/index.ts'

const [folder, url, walletId] = process.argv.slice(2) as [string, string, string]
const client = createClient({
  transport: httpTransport(url),
  storage: fileStore(folder),
  repeats: false,
  pool: { size: 0 },
})
await refreshShares(client, { walletId })
