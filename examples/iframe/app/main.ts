// The app's page, of one origin. Every script of it may ask the wallet; none can read it, and none can approve.
import { backupWallet, generateWallet, listWallets, remoteClient, sign, windowPort } from 'reshare/remote'

const { walletOrigin } = (await (await fetch('/config.json')).json()) as { walletOrigin: string }

const iframe = document.createElement('iframe')
// A window of its own is for engines that cannot tell whether something covers the frame.
iframe.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox')
iframe.title = 'Wallet'
iframe.src = walletOrigin
document.body.append(iframe)

const client = remoteClient(windowPort({ window: iframe.contentWindow!, origin: walletOrigin }))

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E

find('create').addEventListener('click', () => {
  void show(async () => `created ${(await generateWallet(client)).id}`)
})

find('backup').addEventListener('click', () => {
  void show(async () => {
    // The wallet asks for the password itself: it is not for this page.
    const backup = await backupWallet(client, { walletId: await onlyWallet(), method: { type: 'password' } })
    localStorage.setItem('cipherText', backup.cipherText)
    await backup.confirm()
    return 'backed up'
  })
})

find('sign').addEventListener('submit', (event) => {
  event.preventDefault()
  void show(async () => {
    const message = new TextEncoder().encode(find<HTMLInputElement>('text').value)
    const { signature } = await sign(client, { walletId: await onlyWallet(), scheme: 'ed25519', message })
    return `signed ${Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
  })
})

async function onlyWallet(): Promise<string> {
  const [wallet] = await listWallets(client)
  if (wallet === undefined) throw new Error('there is no wallet on this device yet')
  return wallet.id
}

/** Shows what an action says, or why it failed. */
async function show(work: () => Promise<string>): Promise<void> {
  const output = find('output')
  output.textContent = 'working'
  output.textContent = await work().catch((error: Error & { code?: string }) => `${error.code ?? ''} ${error.message}`)
}
