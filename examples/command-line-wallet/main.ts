#!/usr/bin/env node
// A wallet for the command line. Its shares never leave their folder, and are sealed under a passphrase.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import {
  backupWallet,
  generateWallet,
  isMpcError,
  listDevices,
  listWallets,
  recoverWallet,
  resume,
  revokeDevice,
  sign,
  type ErrorCode,
  type Wallet,
} from 'reshare'
import { password } from 'reshare/backup'
import { bitcoinAddress } from 'reshare/bitcoin'
import { solanaAddress } from 'reshare/solana'
import { ethereumAddress } from 'reshare/viem'
import { openDevice, type Device } from './device.js'
import { askNewSecret, askSecret, endInput } from './prompt.js'

const USAGE = `usage: wallet COMMAND
  generate               a new wallet on this device
  address                its addresses
  backup FILE            a backup, sealed under a password; FILE must not exist
  recover FILE           the wallet of a backup on this device; --retire ends those on all others
  sign TEXT              a signature; --scheme ed25519 (default), ecdsa, bip340
  devices                the devices of the account
  revoke DEVICE          ends a device that was lost, for ever
`

/** What a user can do about an error. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: 'the token is not one of this server, or the wallet is another account’s',
  DEVICE_REVOKED: 'this device was revoked: recover into an empty WALLET_HOME',
  NETWORK_ERROR: 'the server does not respond: try again',
  SET_RETIRED: 'this device was signed out: recover the backup to use it again',
  SHARE_NOT_FOUND: 'the passphrase is wrong, or there is no wallet here: generate or recover one',
  WRONG_PASSWORD: 'this is not the password of the backup',
}

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const { values, positionals } = parseArgs({
  options: { retire: { type: 'boolean', default: false }, scheme: { type: 'string', default: 'ed25519' } },
  allowPositionals: true,
})
const [command, parameter] = positionals

const COMMANDS: Readonly<Record<string, (device: Device) => Promise<void>>> = {
  async generate({ client }) {
    const [wallet] = await listWallets(client)
    if (wallet !== undefined) throw new Error(`there is a wallet already: ${wallet.id}`)
    printWallet(await generateWallet(client))
  },
  async address(device) {
    printWallet(await theWallet(device))
  },
  async backup(device) {
    const { id: walletId } = await theWallet(device)
    const path = needed('FILE')
    const method = password(await askNewSecret('password of the backup'))
    const { cipherText, confirm } = await backupWallet(device.client, { walletId, method })
    await writeFile(path, cipherText, { flag: 'wx', mode: 0o600, flush: true })
    // Only now that the file is on the disk: older backups end here.
    await confirm()
    print(`the backup is in ${path}: keep it where this machine is not`)
  },
  async recover({ client }) {
    const cipherText = await readFile(needed('FILE'), 'utf8')
    const method = password(await askSecret('Password of the backup'))
    const existingSets = values.retire ? 'retire' : 'keep'
    printWallet(await recoverWallet(client, { cipherText, method, existingSets }))
  },
  async sign(device) {
    const { id: walletId } = await theWallet(device)
    const message = Buffer.from(needed('TEXT'))
    const { scheme } = values
    if (scheme !== 'ed25519' && scheme !== 'bip340' && scheme !== 'ecdsa') throw new Error(`no scheme ${scheme}`)
    const { signature, publicKey } =
      scheme === 'ecdsa'
        ? await sign(device.client, { walletId, scheme, message, hash: 'sha256' })
        : await sign(device.client, { walletId, scheme, message })
    print(`signature   ${hex(signature)}`)
    print(`public key  ${hex(publicKey)}`)
  },
  async devices(device) {
    const own = await device.id()
    for (const { deviceId, label, revokedAt } of await listDevices(device.client)) {
      const state = revokedAt ? 'revoked' : deviceId === own ? 'this device' : 'signs'
      print(`${deviceId ?? 'without a device key'}  ${state}  ${label ?? ''}`)
    }
  },
  async revoke({ client }) {
    const id = needed('DEVICE')
    await revokeDevice(client, { deviceId: id })
    print('revoked')
  },
}

function needed(name: string): string {
  if (parameter === undefined) throw new Error(`${name} is missing\n${USAGE}`)
  return parameter
}

async function theWallet({ client }: Device): Promise<Wallet> {
  const [wallet] = await listWallets(client)
  if (wallet === undefined) throw new Error('there is no wallet on this device: generate or recover one')
  return wallet
}

function printWallet({ id, publicKeys }: Wallet): void {
  print(`wallet    ${id}`)
  print(`Ethereum  ${ethereumAddress(publicKeys.secp256k1)}`)
  print(`Bitcoin   ${bitcoinAddress(publicKeys.secp256k1, { type: 'p2tr' })}`)
  print(`Solana    ${solanaAddress(publicKeys.ed25519)}`)
}

async function main(): Promise<void> {
  const run = command === undefined || !Object.hasOwn(COMMANDS, command) ? undefined : COMMANDS[command]
  if (run === undefined) throw new Error(USAGE)
  const device = openDevice()
  try {
    // Addresses are shown without the passphrase.
    if (command !== 'address') await device.unlock()
    // Finishes what a process that was killed has left.
    await resume(device.client)
    await run(device)
  } finally {
    device.lock()
  }
}

function reasonOf(error: unknown): string {
  if (!isMpcError(error)) return error instanceof Error ? error.message : String(error)
  // What was wrong with the passphrase that was typed is the cause.
  const { message } = error.code === 'STORAGE_UNAVAILABLE' && error.cause instanceof Error ? error.cause : error
  return `${error.code}: ${HINTS[error.code] ?? message}`
}

await main()
  .catch((error: unknown) => {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  })
  .finally(endInput)
