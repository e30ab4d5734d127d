import { address, blockhash } from '@solana/kit'
import { p2wpkh, Transaction } from '@scure/btc-signer'
import * as reshare from 'reshare'
import { createClient, generateWallet } from 'reshare'
import { inviteDevice, joinWallet } from 'reshare/join'
import { bitcoinSigner } from 'reshare/bitcoin'
import { messagePort, serveClient } from 'reshare/remote/serve'
import { apiTokens, createServer, verifyAuditLog } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import type { ReshareTurn } from 'reshare/workers'

// What the blocks of the documents take from around them, by the names of their `needs`: real values, so that they run.

export const database = pgliteDatabase()
export const masterKey = new Uint8Array(32).fill(7)
const tokens = apiTokens(database)
export const { authenticate } = tokens
const server = createServer({
  database,
  masterKey,
  authenticate,
  authorizeExport: ({ authorization }) => authorization === oneTimeCode,
})

export const token = await tokens.create('ann')
export const transport = inProcessTransport(server, { headers: { authorization: `Bearer ${token}` } })
export const storage = memoryStore()
/** Of a passkey that nobody has. */
export const identity = 'AGE-PLUGIN-FIDO2PRF-1Q9GQWPC8QURSWPC8QURSWPC8QURSW6MPWPCZUETCV9KHQMR9S95XJMN5V4EXUCTVFW45VU'
/** 32 bytes */
export const serverKey = new Uint8Array(32).fill(9)
export const client = createClient({ transport, storage: memoryStore(), label: 'phone' })
export const wallet = await generateWallet(client)
export const walletId = wallet.id
/** A device that waits to be invited, and what the camera of the other one has read of it. */
const joining = await joinWallet(createClient({ transport, storage: memoryStore(), label: 'tablet' }))
export const scanned = joining.code
/** That of a job, which waits for a limited set. */
export const { code: codeOfJob } = await joinWallet(createClient({ transport, storage: memoryStore(), label: 'job' }))
export const userAgrees = (question: string): Promise<boolean> => Promise.resolve(question !== '')
/** Shows the code to a device that invites this one. */
export const showQrCode = (code: string): void => void inviteDevice(client, { walletId, code })
export const oneTimeCode = '123456'
export const show = (key: Uint8Array): void => void shown.push(key)
/** What was shown. */
export const shown: Uint8Array[] = []

/** A worker, as its page has it, and as `self` is within. */
const { port1, port2 } = new MessageChannel()
const page = new MessageChannel()
export const self = page.port2
export const worker = port1
serveClient(client, messagePort(port2), { actions: reshare, approve: () => true })
for (const port of [port1, port2, page.port1, page.port2]) (port as unknown as { unref(): void }).unref()

/** The window around a frame. */
export const parent = { postMessage: () => undefined } as unknown as Window
Object.assign(globalThis, { addEventListener: () => undefined, removeEventListener: () => undefined })
/** The host's dialog. */
export const showDialog = (_: object): { yes: Element; no: Element; close: () => void } => {
  throw new Error('no documents here')
}
/** The reference of a WebView. */
export const webView = { injectJavaScript: (script: string): void => void script }

/** The heads of a report that was kept. */
export const { heads: kept } = await verifyAuditLog({ database, masterKey })

export const clientId = '1234.apps.googleusercontent.com'
/** What a native module of the app gives. */
export const googleSignin = {
  clearCachedAccessToken: (token: string): Promise<string> => Promise.resolve(token),
  getTokens: (): Promise<{ accessToken: string }> => Promise.resolve({ accessToken: 'ya29.token' }),
}

export const container = 'iCloud.com.example.wallet'
export const apiToken = 'an-api-token'
export const userId = 'user-1'
/** What a native module of the app gives. */
export const nativeCloudKit = { fetchWebAuthToken: (token: string): Promise<string> => Promise.resolve(token) }
/** Shows a button with this text. */
export const buttonOf = (text: string): EventTarget => Object.assign(new EventTarget(), { text })

export const to = '0x000000000000000000000000000000000000dEaD'

export const latestBlockhash = {
  blockhash: blockhash('4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn'),
  lastValidBlockHeight: 1n,
}
/** A memo. */
export const instruction = {
  programAddress: address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr'),
  data: new TextEncoder().encode('hello'),
}

export const txid = '11'.repeat(32)
const [coin] = (await bitcoinSigner(client, { walletId, paths: ['m/0/0'] })).outputs
/** An address of somebody else. */
export const recipient = p2wpkh(Uint8Array.of(2, ...new Uint8Array(31), 1)).address
const unsigned = new Transaction()
unsigned.addInput({
  txid,
  index: 1,
  witnessUtxo: { script: coin!.script, amount: 50_000n },
  bip32Derivation: [[coin!.signedBy, { fingerprint: 0, path: [0, 0] }]],
})
unsigned.addOutputAddress(recipient, 49_000n)
/** The bytes of a PSBT. */
export const psbt = unsigned.toPSBT()

export const digests = [1, 2].map((byte) => new Uint8Array(32).fill(byte))

/** A scalar. */
export const secret = Uint8Array.of(5, ...new Uint8Array(31))
export const firstThousand: readonly number[] = Array.from({ length: 1000 }, (_, i) => i + 1)
export const turns: readonly ReshareTurn[] = []
