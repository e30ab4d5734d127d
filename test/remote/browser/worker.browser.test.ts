import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { server as browser } from 'vitest/browser'
import { expect, inject, test, vi } from 'vitest'
import {
  backupWallet,
  findWallets,
  generateWallet,
  listDevices,
  listWallets,
  messagePort,
  recoverWallet,
  remoteClient,
  sign,
} from '../../../src/remote/index.ts'

function startWorker(store: string): Worker {
  const { url, backendUrl, tokens } = inject('server')
  const name = JSON.stringify({ url, backendUrl, store, token: tokens[`${browser.browser} worker`] })
  return new Worker(new URL('../support/remote-worker.ts', import.meta.url), { type: 'module', name })
}

test('a page makes, backs up, recovers and uses a wallet of a worker', { timeout: 180_000 }, async () => {
  const worker = startWorker('remote-worker')
  const client = remoteClient(messagePort(worker))
  const onPage = [
    vi.spyOn(WebAssembly, 'Module'),
    vi.spyOn(WebAssembly, 'compile'),
    vi.spyOn(WebAssembly, 'instantiate'),
  ]
  const statuses: string[] = []
  const wallet = await generateWallet(client, { onProgress: ({ status }) => void statuses.push(status) })
  expect(statuses.at(-1)).toBe('Done')
  const method = { type: 'password', password: 'correct horse battery staple' }
  const { cipherText, confirm } = await backupWallet(client, { walletId: wallet.id, method })
  await confirm()
  const recovered = await recoverWallet(client, { cipherText, method, existingSets: 'retire' })
  expect(recovered.publicKeys).toEqual(wallet.publicKeys)

  const message = new TextEncoder().encode('signed in a worker')
  const edwards = await sign(client, { walletId: wallet.id, scheme: 'ed25519', message })
  expect(ed25519.verify(edwards.signature, message, wallet.publicKeys.ed25519)).toBe(true)
  const ecdsa = await sign(client, { walletId: wallet.id, scheme: 'ecdsa', message, hash: 'sha256' })
  expect(secp256k1.verify(ecdsa.signature, message, wallet.publicKeys.secp256k1)).toBe(true)
  const wrong = recoverWallet(client, { cipherText, method: { ...method, password: 'no' }, existingSets: 'keep' })
  await expect(wrong).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
  const [found] = (await findWallets(client)).filter(({ id }) => id === wallet.id)
  expect(found?.signingSets.map(({ setId }) => setId)).toEqual([recovered.setId])
  expect((await listDevices(client)).every(({ deviceId }) => deviceId === null)).toBe(true)

  // None of the work is the page's. What its bundle may not have in it, scripts/size-budgets.mjs says.
  for (const compile of onPage) expect(compile).not.toHaveBeenCalled()

  // The next page finds what this one has made.
  worker.terminate()
  const next = remoteClient(messagePort(startWorker('remote-worker')))
  expect(await listWallets(next)).toEqual([{ id: wallet.id, setId: recovered.setId, publicKeys: wallet.publicKeys }])
})

test('a worker that cannot be loaded is told at once', async () => {
  const worker = new Worker(new URL('https://127.0.0.1:9/none.js', location.href).pathname + '-none', {
    type: 'module',
  })
  const client = remoteClient(messagePort(worker))
  await expect(listWallets(client)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE', retryable: true })
})

test('a worker that is ended while it works is noticed', async () => {
  const worker = startWorker('remote-ended')
  const client = remoteClient(messagePort(worker), { silenceMs: 400 })
  const running = generateWallet(client, { onProgress: () => worker.terminate() })
  await expect(running).rejects.toMatchObject({ code: 'REMOTE_FAILED', retryable: false })
})
