// The page: it asks and shows. It has no share and no cryptography, and never waits for arithmetic.
import {
  backupWallet,
  generateWallet,
  listWallets,
  messagePort,
  recoverWallet,
  remoteClient,
  sign,
} from 'reshare/remote'

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
const client = remoteClient(messagePort(worker))

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E
const field = (id: string) => find<HTMLInputElement>(id).value
const progress = find<HTMLProgressElement>('progress')
const onProgress = ({ fraction }: { readonly fraction: number }) => (progress.value = fraction)

find('create').addEventListener('click', () => {
  void show(async () => {
    const wallet = await generateWallet(client, { onProgress })
    return `created ${wallet.id}`
  })
})

onSubmit('backup', async () => {
  const method = { type: 'password', password: field('password') }
  const backup = await backupWallet(client, { walletId: await onlyWallet(), method, onProgress })
  // Your app's backend keeps the cipherText. Only then is the backup confirmed.
  localStorage.setItem('cipherText', backup.cipherText)
  await backup.confirm()
  return 'backed up'
})

onSubmit('recover', async () => {
  const cipherText = localStorage.getItem('cipherText') ?? ''
  const method = { type: 'password', password: field('recovery-password') }
  const wallet = await recoverWallet(client, { cipherText, method, existingSets: 'keep', onProgress })
  return `recovered ${wallet.id}`
})

onSubmit('sign', async () => {
  const message = new TextEncoder().encode(field('text'))
  const { signature } = await sign(client, { walletId: await onlyWallet(), scheme: 'ed25519', message })
  return `signed ${Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
})

async function onlyWallet(): Promise<string> {
  const [wallet] = await listWallets(client)
  if (wallet === undefined) throw new Error('there is no wallet on this device yet')
  return wallet.id
}

function onSubmit(id: string, work: () => Promise<string>): void {
  find(id).addEventListener('submit', (event) => {
    event.preventDefault()
    void show(work)
  })
}

/** Shows what an action says, or why it failed. */
async function show(work: () => Promise<string>): Promise<void> {
  const output = find('output')
  output.textContent = 'working'
  output.textContent = await work().catch((error: Error & { code?: string }) => `${error.code ?? ''} ${error.message}`)
}
