'use client'
// The client, in the browser: its shares are in IndexedDB. It calls the app's own origin, with the cookie of the session.
import { useEffect, useState, type FormEvent } from 'react'
import {
  backupWallet,
  createClient,
  custodianBackups,
  findWallets,
  generateWallet,
  isMpcError,
  listWallets,
  recoverWallet,
  sign,
  type Client,
} from 'reshare'
import { password } from 'reshare/backup'
import { indexedDbStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

/** Made at its first use: there is no IndexedDB where the page is rendered. */
let opened: Client | undefined
const client = () =>
  (opened ??= createClient({ transport: httpTransport(`${origin}/mpc`), storage: indexedDbStore('nextjs-example') }))

async function call(path: string, method: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) })
  if (!response.ok)
    throw new Error(response.status === 401 ? 'log in first' : `the app responds with ${response.status}`)
}

async function onlyWallet(): Promise<string> {
  const [wallet] = await listWallets(client())
  if (wallet === undefined) throw new Error('there is no wallet on this device yet')
  return wallet.id
}

const actions = {
  async 'Log in'(secret: string) {
    await call('/login', 'POST', { password: secret })
    return 'logged in'
  },
  async 'Create a wallet'() {
    return `created ${(await generateWallet(client())).id}`
  },
  async 'Back up'(secret: string) {
    const method = password(secret)
    const { cipherText, setId, confirm } = await backupWallet(client(), { walletId: await onlyWallet(), method })
    const body = { backupMethod: 'PASSWORD', cipherText, setId }
    await call('/custodian/users/ann/encrypted-user-backup-shares', 'PUT', body)
    // Only now that the app has it: older backups end here.
    await confirm()
    return 'backed up'
  },
  async Recover(secret: string) {
    const [wallet] = await findWallets(client())
    if (wallet === undefined) throw new Error('this user has no wallet yet')
    const backups = custodianBackups(httpTransport(`${origin}/custodian`))
    const { id: walletId, publicKeys } = wallet
    const method = password(secret)
    await recoverWallet(client(), { backups, walletId, publicKeys, method, existingSets: 'keep' })
    return `recovered ${walletId}`
  },
  async Sign() {
    const message = new TextEncoder().encode('hello')
    const { signature } = await sign(client(), { walletId: await onlyWallet(), scheme: 'ed25519', message })
    return `signed ${Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  },
}

export function Wallet() {
  const [output, setOutput] = useState('')
  // Before the script runs, a form would send what was typed to the server.
  const [isReady, setReady] = useState(false)
  useEffect(() => setReady(true), [])
  const run = async (action: (secret: string) => Promise<string>, secret: string) => {
    setOutput('working')
    setOutput(await action(secret).catch(reasonOf))
  }
  return (
    <>
      {Object.entries(actions).map(([name, action]) => (
        <form key={name} onSubmit={(event) => void submit(event, (secret) => run(action, secret))}>
          {action.length > 0 && <input type="password" name="secret" aria-label={`${name}: password`} required />}
          <button disabled={!isReady || output === 'working'}>{name}</button>
        </form>
      ))}
      <output id="output">{output}</output>
    </>
  )
}

function submit(event: FormEvent<HTMLFormElement>, use: (secret: string) => Promise<void>): Promise<void> {
  event.preventDefault()
  const form = event.currentTarget
  const secret = new FormData(form).get('secret')
  form.reset()
  return use(typeof secret === 'string' ? secret : '')
}

/** What a user is told. An app has its own words for the codes that its users meet. */
function reasonOf(error: unknown): string {
  if (isMpcError(error, 'WRONG_PASSWORD')) return 'this is not the password of the backup'
  if (isMpcError(error)) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}
