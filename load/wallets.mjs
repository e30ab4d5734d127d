// @ts-check
// The wallets of one driver, and what is known about each.

/**
 * One user's wallet through all that happens to it.
 *
 * @typedef {object} Line
 * @property {string} token
 * @property {string | undefined} walletId unknown while the generation's outcome is
 * @property {import('reshare').PublicKeys | undefined} publicKeys
 * @property {import('./device.mjs').Device[]} devices
 * @property {string | undefined} cipherText the backup that the app has stored
 * @property {string | undefined} unconfirmed the backup set whose confirmation the server has not answered
 * @property {import('./device.mjs').Device | undefined} heir the device whose recovery retires the others, while its outcome is unknown
 */

/** @param {string} token @returns {Line} */
export const createLine = (token) => ({
  token,
  walletId: undefined,
  publicKeys: undefined,
  devices: [],
  cipherText: undefined,
  unconfirmed: undefined,
  heir: undefined,
})

/** @param {Line} line */
export const liveDevices = ({ devices }) => devices.filter(({ state }) => state === 'live')

/** Whether the outcome of something that was done with a wallet is unknown. @param {Line} line */
export const isUnsure = ({ devices, unconfirmed }) =>
  unconfirmed !== undefined || devices.some(({ state }) => state === 'unsure')

/** The server has retired all others. @param {Line} line @param {import('./device.mjs').Device} heir */
export function retireOthers(line, heir) {
  for (const device of line.devices) if (device !== heir) device.state = 'retired'
  line.heir = undefined
}
