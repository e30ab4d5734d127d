// @ts-check
// What clients do, one wallet at a time.
import {
  backupWallet,
  confirmBackup,
  generateWallet,
  listSets,
  preprocessSignatures,
  recoverWallet,
  refreshShares,
  resume,
  sign,
} from 'reshare'
import { createLine, liveDevices, retireOthers } from './wallets.mjs'

/**
 * What the actions of a driver need.
 *
 * @typedef {object} World
 * @property {import('./random.mjs').Random} random
 * @property {import('reshare').BackupMethod} method
 * @property {() => Promise<string>} createToken
 * @property {(token: string) => import('./device.mjs').Device} createDevice
 * @property {<T>(name: string, work: () => Promise<T>) => Promise<T>} timed
 * @property {number} mostDevices signing devices of one wallet; one more is made by a recovery that retires them
 * @property {() => boolean} rotates whether a recovery that retires makes a new backup
 */

/** @typedef {import('./wallets.mjs').Line} Line */
/** @typedef {import('./device.mjs').Device} Device */

/** How many of the chances each action has. A backup follows each generation, a new setup or a proof where one is due. */
export const MIX = {
  generate: 5,
  'back up': 2,
  'sign ed25519': 35,
  'sign bip340': 8,
  'sign ecdsa': 28,
  'sign ecdsa, preprocessed': 6,
  'sign ecdsa, 3 at once': 3,
  'recover, keep': 4,
  'recover, retire': 4,
  refresh: 5,
}

/** @typedef {keyof typeof MIX | 'list sets'} Action */

/** @param {World} world @returns {Promise<Line>} */
export async function newLine(world) {
  const token = await world.createToken()
  return { ...createLine(token), devices: [world.createDevice(token)] }
}

/** Makes the wallet of a new line, and its backup. @param {World} world @param {Line} line */
export async function generate(world, line) {
  const [device] = /** @type {[Device]} */ (line.devices)
  await world.timed('generate', async () => know(line, device, await generateWallet(device.client())))
  await backUp(world, line)
}

/** @param {Line} line @param {Device} device @param {import('reshare').Wallet} wallet */
function know(line, device, { id, publicKeys }) {
  line.walletId = id
  line.publicKeys ??= publicKeys
  if (!sameKeys(line.publicKeys, publicKeys)) throw new Error('the public keys of a wallet have changed')
  device.state = 'live'
}

/** @param {import('reshare').PublicKeys} a @param {import('reshare').PublicKeys} b */
const sameKeys = (a, b) => Buffer.compare(a.secp256k1, b.secp256k1) === 0 && Buffer.compare(a.ed25519, b.ed25519) === 0

/** @param {World} world @param {Line} line */
async function backUp(world, line) {
  const { method } = world
  const device = world.random.pick(liveDevices(line))
  const walletId = /** @type {string} */ (line.walletId)
  const { cipherText, setId } = await world.timed('back up', () => backupWallet(device.client(), { walletId, method }))
  await keep(world, line, device, cipherText, setId)
}

/** What an app does with a new backup: store it, then say so. @param {World} world @param {Line} line @param {Device} device @param {string} cipherText @param {string} setId */
async function keep(world, line, device, cipherText, setId) {
  line.cipherText = cipherText
  line.unconfirmed = setId
  await confirm(world, line, device)
}

/** @param {World} world @param {Line} line @param {Device} device */
async function confirm(world, line, device) {
  const setId = line.unconfirmed
  if (setId === undefined) return
  await world.timed('confirm', () => confirmBackup(device.client(), { setId }))
  line.unconfirmed = undefined
}

/**
 * Finds out what became of everything whose outcome is unknown.
 *
 * @param {World} world
 * @param {Line} line
 * @returns {Promise<boolean>} whether the wallet exists; one that never came to be is forgotten
 */
export async function settle(world, line) {
  for (const device of line.devices.filter(({ state }) => state === 'unsure')) await settleDevice(world, line, device)
  if (line.walletId === undefined) return line.devices.some(({ state }) => state === 'unsure')
  const [device] = liveDevices(line)
  if (device !== undefined) await confirm(world, line, device)
  return true
}

/** @param {World} world @param {Line} line @param {Device} device */
async function settleDevice(world, line, device) {
  if (device.ended) device.restart()
  const [report] = await world.timed('resume', () => resume(device.client()))
  if (report === undefined || report.outcome === 'NO_SHARE') {
    line.devices = line.devices.filter((other) => other !== device)
    if (line.heir === device) line.heir = undefined
  } else if (report.outcome === 'READY') {
    know(line, device, report.wallet)
    if (line.heir === device) retireOthers(line, device)
  } else throw report.error
}

/**
 * Does one thing with a wallet that has a live device.
 *
 * @param {World} world
 * @param {Line} line
 * @param {Action} action
 */
export async function act(world, line, action) {
  const device = world.random.pick(liveDevices(line))
  const walletId = /** @type {string} */ (line.walletId)
  switch (action) {
    case 'back up':
      return backUp(world, line)
    case 'sign ed25519':
      return signs(world, line, device, action, { scheme: 'ed25519' })
    case 'sign bip340':
      return signs(world, line, device, action, { scheme: 'bip340' })
    case 'sign ecdsa':
      return signs(world, line, device, action, { scheme: 'ecdsa', hash: 'sha256' })
    case 'sign ecdsa, preprocessed': {
      await world.timed('preprocess', () => preprocessSignatures(device.client(), { walletId, count: 1 }))
      return signs(world, line, device, action, { scheme: 'ecdsa', hash: 'sha256' })
    }
    case 'sign ecdsa, 3 at once': {
      const all = [1, 2, 3].map(() => signs(world, line, device, action, { scheme: 'ecdsa', hash: 'sha256' }))
      for (const outcome of await Promise.allSettled(all)) if (outcome.status === 'rejected') throw outcome.reason
      return undefined
    }
    case 'list sets':
      return world.timed(action, () => listSets(device.client(), { walletId }))
    case 'refresh': {
      device.state = 'unsure'
      return world.timed(action, async () => know(line, device, await refreshShares(device.client(), { walletId })))
    }
    case 'recover, keep':
      return recover(world, line, liveDevices(line).length < world.mostDevices ? action : 'recover, retire')
    case 'recover, retire':
      return recover(world, line, action)
    default:
      throw new RangeError(`no action ${action} on a wallet`)
  }
}

/**
 * @param {World} world
 * @param {Line} line
 * @param {Device} device
 * @param {string} name
 * @param {{ scheme: 'ed25519' } | { scheme: 'bip340' } | { scheme: 'ecdsa', hash: 'sha256' }} scheme
 */
async function signs(world, { walletId, publicKeys }, device, name, scheme) {
  const message = crypto.getRandomValues(new Uint8Array(32))
  const statement = { walletId: /** @type {string} */ (walletId), message, ...scheme }
  const { publicKey } = await world.timed(name, () => sign(device.client(), statement))
  const { secp256k1, ed25519 } = /** @type {import('reshare').PublicKeys} */ (publicKeys)
  const expected = { ed25519, bip340: secp256k1.slice(1), ecdsa: secp256k1 }[scheme.scheme]
  // The action has verified the signature under this key.
  if (Buffer.compare(publicKey, expected) !== 0) throw new Error('a signature is of another public key')
}

/** @param {World} world @param {Line} line @param {'recover, keep' | 'recover, retire'} action */
async function recover(world, line, action) {
  const { cipherText } = line
  if (cipherText === undefined) return backUp(world, line)
  const device = world.createDevice(line.token)
  line.devices.push(device)
  await recoverOn(world, line, device, action, cipherText)
}

/**
 * @param {World} world
 * @param {Line} line
 * @param {Device} device
 * @param {'recover, keep' | 'recover, retire'} action
 * @param {string} cipherText
 */
async function recoverOn(world, line, device, action, cipherText) {
  const { method } = world
  const retires = action === 'recover, retire'
  if (retires) line.heir = device
  const existingSets = /** @type {'keep' | 'retire'} */ (retires ? 'retire' : 'keep')
  const options = { cipherText, method, existingSets, rotateBackup: retires && world.rotates() }
  const recovered = await world.timed(action, () => recoverWallet(device.client(), options))
  know(line, device, recovered)
  if (retires) retireOthers(line, device)
  if (recovered.backup !== undefined)
    await keep(world, line, device, recovered.backup.cipherText, recovered.backup.setId)
}
