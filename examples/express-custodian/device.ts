// Two devices of a user who is logged in at the backend: the first one makes a wallet and backs it up, the second one has the
// session and the password, and finds everything else by itself.
import { backupWallet, createClient, custodianBackups, findWallets, generateWallet, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

const { BACKEND_URL, APP_SESSION } = process.env
if (!BACKEND_URL || !APP_SESSION) throw new Error('BACKEND_URL and APP_SESSION must be set')

const headers = { authorization: `Bearer ${APP_SESSION}` }
const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Login {
  readonly userId: string
  readonly signingServer: string
  readonly token: string
}

const login = (await (await call('/login')).json()) as Login
const device = (label: string) =>
  createClient({
    transport: httpTransport(login.signingServer, { headers: () => ({ authorization: `Bearer ${login.token}` }) }),
    storage: memoryStore(),
    label,
  })
const method = password('correct horse battery staple') // in an app: what the user types

const phone = device('phone')
const wallet = await generateWallet(phone)
const { cipherText, setId, confirm } = await backupWallet(phone, { walletId: wallet.id, method })
await call(`/custodian/users/${encodeURIComponent(login.userId)}/encrypted-user-backup-shares`, {
  method: 'PUT',
  headers: { ...headers, 'content-type': 'application/json' },
  body: JSON.stringify({ backupMethod: 'PASSWORD', cipherText, setId }),
})
// Only now: the server may end older backups of this method.
await confirm()
print(`backed up ${wallet.id}`)

const laptop = device('laptop')
const [found] = await findWallets(laptop)
if (found === undefined) throw new Error('the user has no wallet')
const backups = custodianBackups(httpTransport(`${BACKEND_URL}/custodian`, { headers: () => headers }))
const { id: walletId, publicKeys } = found
await recoverWallet(laptop, { backups, walletId, publicKeys, method, existingSets: 'retire' })
print(`recovered ${walletId}`)

const { signature } = await sign(laptop, { walletId, scheme: 'ed25519', message: new TextEncoder().encode('hello') })
print(`signed ${Buffer.from(signature).toString('hex')}`)

/** @throws {Error} if the backend does not do it */
async function call(path: string, request: RequestInit = { headers }): Promise<Response> {
  const response = await fetch(`${BACKEND_URL}${path}`, request)
  if (!response.ok) throw new Error(`the backend responds to ${path} with ${response.status}`)
  return response
}
