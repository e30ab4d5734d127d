import { address, getTransactionEncoder, type Blockhash } from '@solana/kit'
import {
  approveRequest,
  backupWallet,
  createClient,
  custodianBackups,
  denyRequest,
  findWallets,
  generateWallet,
  listApprovals,
  listSets,
  MpcError,
  recoverWallet,
  sign,
  type Progress,
} from 'reshare'
import { password } from 'reshare/backup'
import { sealedTransport } from 'reshare/channel'
import { inviteDevice, joinWallet, type JoiningDevice } from 'reshare/join'
import { fileStore } from 'reshare/storage/file'
import { solanaSigner } from 'reshare/solana'
import { httpTransport } from 'reshare/transport'
import { ethereumAccount } from 'reshare/viem'
import { createWalletClient, http, publicActions } from 'viem'
import { foundry } from 'viem/chains'
import type { Command, DeviceCommands, DeviceMessage } from './commands.ts'
import { signedTransfer } from './solana-transfer.ts'

// One device: a process of its own with a file store of its own. Shares never leave it.
const { LABEL, DATA, SERVER_URL, SERVER_KEY, TOKEN, APP_URL, USER_ID, SESSION } = process.env as Record<string, string>

const storage = fileStore(DATA!)
// Requests are sealed to the server's key, and bound to a key of this device: by it, another device can approve them.
const transport = sealedTransport({
  transport: httpTransport(SERVER_URL!),
  serverKey: Uint8Array.from(Buffer.from(SERVER_KEY!, 'hex')),
  storage,
  headers: () => ({ authorization: `Bearer ${TOKEN}` }),
})
const client = createClient({ transport, storage, label: LABEL! })

const session = { authorization: `Bearer ${SESSION}` }
const backups = custodianBackups(httpTransport(APP_URL!, { headers: () => session }))
let joining: JoiningDevice | undefined

async function run(command: Command, onProgress: (progress: Progress) => void): Promise<unknown> {
  switch (command.name) {
    case 'generate':
      return generateWallet(client, { onProgress })
    case 'backup': {
      const { walletId, secret } = command.parameters
      const { cipherText, setId, confirm } = await backupWallet(client, {
        walletId,
        method: password(secret),
        onProgress,
      })
      await putCipherText(setId, cipherText)
      await confirm()
      return { setId }
    }
    case 'join':
      joining = await joinWallet(client)
      return { code: joining.code }
    case 'invite':
      return inviteDevice(client, { ...command.parameters, onProgress })
    case 'joined':
      return joining!.done
    case 'findWallets':
      return findWallets(client)
    case 'recover': {
      const { secret, ...options } = command.parameters
      return recoverWallet(client, { ...options, backups, method: password(secret), onProgress })
    }
    case 'sign':
      return sign(client, command.parameters)
    case 'sendEther':
      return sendEther(command.parameters)
    case 'signTransfer':
      return signTransfer(command.parameters)
    case 'signMessage': {
      const { walletId, text } = command.parameters
      const account = await ethereumAccount(client, { walletId })
      return { signature: await account.signMessage({ message: text }) }
    }
    case 'signPermit':
      return signPermit(command.parameters)
    case 'listApprovals':
      return listApprovals(client)
    case 'approve':
      return approveRequest(client, command.parameters)
    case 'deny':
      return denyRequest(client, command.parameters)
    case 'listSets':
      return listSets(client, command.parameters)
  }
}

async function sendEther({ walletId, url, to, value }: DeviceCommands['sendEther']['parameters']) {
  const account = await ethereumAccount(client, { walletId })
  const chain = createWalletClient({ account, chain: foundry, transport: http(url) }).extend(publicActions)
  const hash = await chain.sendTransaction({ to, value })
  await chain.waitForTransactionReceipt({ hash })
  return { hash }
}

async function signPermit({ walletId, spender }: DeviceCommands['signPermit']['parameters']) {
  const account = await ethereumAccount(client, { walletId })
  const token = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
  const fields = ['owner address', 'spender address', 'value uint256', 'nonce uint256', 'deadline uint256']
  const Permit = fields.map((field) => {
    const [name, type] = field.split(' ') as [string, string]
    return { name, type }
  })
  const most = 2n ** 256n - 1n
  const signature = await account.signTypedData({
    domain: { name: 'USD Coin', version: '2', chainId: foundry.id, verifyingContract: token },
    types: { Permit },
    primaryType: 'Permit',
    message: { owner: account.address, spender, value: most, nonce: 0n, deadline: most },
  })
  return { signature }
}

async function signTransfer({ walletId, blockhash, to, lamports }: DeviceCommands['signTransfer']['parameters']) {
  const signer = await solanaSigner(client, { walletId })
  const signed = await signedTransfer(blockhash as Blockhash, signer, address(to), lamports)
  return { transaction: Uint8Array.from(getTransactionEncoder().encode(signed)) }
}

const cipherTexts = `${APP_URL}/users/${USER_ID}/encrypted-user-backup-shares`

async function putCipherText(setId: string, cipherText: string): Promise<void> {
  const response = await fetch(cipherTexts, {
    method: 'PUT',
    headers: { ...session, 'content-type': 'application/json' },
    body: JSON.stringify({ backupMethod: 'PASSWORD', cipherText, setId }),
  })
  if (response.status !== 204) throw new Error(`the app did not store the cipherText: ${response.status}`)
}

function tell(message: DeviceMessage): void {
  process.send!(message)
}

process.on('message', (command: Command) => {
  const { id } = command
  run(command, (progress) => tell({ id, progress })).then(
    (answer) => tell({ id, answer }),
    (error: unknown) => tell({ id, failure: failureOf(error) }),
  )
})
process.once('disconnect', () => process.exit())
tell({ ready: {} })

/** viem wraps what an account throws. */
function failureOf(error: unknown): { code: string; message: string } {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof MpcError) return { code: cause.code, message: cause.message }
  }
  return { code: 'UNEXPECTED', message: String(error) }
}
