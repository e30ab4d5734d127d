// @ts-check
import { ed25519 } from '@noble/curves/ed25519.js'
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { recoverWallet, resume, sign } from 'reshare'
import { settle } from './actions.mjs'
import { codeOf } from './tally.mjs'
import { isUnsure, liveDevices } from './wallets.mjs'

const ATTEMPTS = 20

/**
 * Whether a wallet is all there once nothing goes wrong any more: each device that has a set signs for its public keys by
 * every scheme after a restart, the backup gives a new device a set that does, and what was retired is refused.
 *
 * @param {import('./actions.mjs').World} world
 * @param {import('./wallets.mjs').Line} line
 * @returns {Promise<{ exists: boolean, losses: string[] }>}
 */
export async function verify(world, line) {
  /** @type {string[]} */
  const losses = []
  const expect = async (/** @type {string} */ what, /** @type {() => Promise<unknown>} */ work) => {
    await work().catch((error) => losses.push(`${what}: ${codeOf(error)}`))
  }
  await expect('the outcome of an action stays unknown', () => settleAtLast(world, line))
  const { walletId, publicKeys } = line
  if (walletId === undefined || publicKeys === undefined) return { exists: false, losses }
  for (const device of liveDevices(line)) {
    device.restart()
    await expect('a device does not sign', () => signsOn(device, walletId, publicKeys))
  }
  if (liveDevices(line).length === 0) losses.push('no device has a set')
  if (line.cipherText !== undefined) {
    await expect('the backup does not recover', () => recovers(world, line, walletId, publicKeys))
  }
  for (const device of line.devices.filter(({ state }) => state === 'retired')) {
    device.restart()
    await expect('a retired set is not refused', () => isRefused(device, walletId))
  }
  return { exists: true, losses }
}

/** @param {import('./actions.mjs').World} world @param {import('./wallets.mjs').Line} line */
async function settleAtLast(world, line) {
  for (let attempt = 1; isUnsure(line); attempt++) {
    try {
      await settle(world, line)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/**
 * @param {import('./device.mjs').Device} device
 * @param {string} walletId
 * @param {import('reshare').PublicKeys} publicKeys
 */
async function signsOn(device, walletId, publicKeys) {
  const client = device.client()
  const [report] = await resume(client)
  if (report?.outcome !== 'READY') throw new Error(`resume says ${report?.outcome}`)
  const message = crypto.getRandomValues(new Uint8Array(32))
  const edwards = await sign(client, { walletId, scheme: 'ed25519', message })
  const taproot = await sign(client, { walletId, scheme: 'bip340', message })
  const ecdsa = await sign(client, { walletId, scheme: 'ecdsa', message, hash: 'sha256' })
  const verified = [
    ed25519.verify(edwards.signature, message, publicKeys.ed25519, { zip215: false }),
    schnorr.verify(taproot.signature, message, publicKeys.secp256k1.slice(1)),
    secp256k1.verify(ecdsa.signature, message, publicKeys.secp256k1, { lowS: true }),
  ]
  if (verified.includes(false)) throw new Error('a signature does not verify')
}

/**
 * @param {import('./actions.mjs').World} world
 * @param {import('./wallets.mjs').Line} line
 * @param {string} walletId
 * @param {import('reshare').PublicKeys} publicKeys
 */
async function recovers({ createDevice, method }, { token, cipherText }, walletId, publicKeys) {
  const device = createDevice(token)
  const options = { cipherText: /** @type {string} */ (cipherText), method, walletId, publicKeys }
  await recoverWallet(device.client(), { ...options, existingSets: 'keep' })
  await signsOn(device, walletId, publicKeys)
}

/** @param {import('./device.mjs').Device} device @param {string} walletId */
async function isRefused(device, walletId) {
  const message = new Uint8Array(32)
  const refusal = await sign(device.client(), { walletId, scheme: 'ed25519', message }).then(() => 'signed', codeOf)
  if (refusal !== 'SET_RETIRED') throw new Error(refusal)
}
