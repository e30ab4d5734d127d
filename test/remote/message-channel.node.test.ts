import { ed25519 } from '@noble/curves/ed25519.js'
import { verifyMessage } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { solanaAddress, solanaSigner } from '../../src/adapters/solana/index.ts'
import { ethereumAccount } from '../../src/adapters/viem/index.ts'
import { generateWallet, listWallets, messagePort, remoteClient, sign } from '../../src/remote/index.ts'
import { serveClient } from '../../src/remote/serve.ts'
import { stage } from '../client/support/devices.ts'
import { servedWith } from './support/served.ts'

const ports: MessagePort[] = []
afterEach(() => ports.splice(0).forEach((port) => port.close()))

function channel() {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  return { app: messagePort(port1), host: messagePort(port2), appPort: port1, hostPort: port2 }
}

test('adapters for chains sign with a remote client', async () => {
  const { app, host } = channel()
  serveClient(stage().device(), host, servedWith())
  const client = remoteClient(app)
  const { id: walletId, publicKeys } = await generateWallet(client)

  const account = await ethereumAccount(client, { walletId, path: 'm/1' })
  const signature = await account.signMessage({ message: 'hello' })
  expect(await verifyMessage({ address: account.address, message: 'hello', signature })).toBe(true)

  const signer = await solanaSigner(client, { walletId })
  expect(signer.address).toBe(solanaAddress(publicKeys.ed25519))
  const message = Uint8Array.of(1, 2, 3)
  const edwards = await client.walletKeys(walletId).signEd25519({ message })
  expect(ed25519.verify(edwards, message, publicKeys.ed25519)).toBe(true)
  expect(await client.walletKeys(walletId).signTaproot({ message })).toHaveLength(64)
})

test('several ports serve one client, each with ids of its own', async () => {
  const local = stage().device()
  const clients = [channel(), channel()].map(({ app, host }) => {
    serveClient(local, host, servedWith())
    return remoteClient(app)
  })
  const { id: walletId } = await generateWallet(clients[0]!)
  const messages = [1, 2, 3].map((byte) => Uint8Array.of(byte))
  const signatures = await Promise.all(
    clients.flatMap((client) => messages.map((message) => sign(client, { walletId, scheme: 'ed25519', message }))),
  )
  signatures.forEach(({ signature, publicKey }, i) =>
    expect(ed25519.verify(signature, messages[i % 3]!, publicKey)).toBe(true),
  )
})

test('a port that is closed ends what runs, and what comes after', async () => {
  const { app, host, hostPort } = channel()
  const asked = new Promise<void>((resolve) => {
    const approve = () => new Promise<boolean>(() => resolve())
    serveClient(stage().device(), host, servedWith({ approve }))
  })
  const client = remoteClient(app)
  expect(await listWallets(client)).toEqual([])
  const running = generateWallet(client).catch((error: unknown) => error)
  await asked
  hostPort.close()
  expect(await running).toMatchObject({ code: 'REMOTE_FAILED', retryable: false })
  await expect(listWallets(client)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE' })
})
