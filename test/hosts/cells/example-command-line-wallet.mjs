// @ts-check
import { join } from 'node:path'
import { readdirSync, readFileSync } from 'node:fs'
import { compiledExample, found } from '../support/examples.mjs'

export const name = 'example-command-line-wallet'
export const what = 'examples/command-line-wallet, Node'
export const group = 'examples'
export const version = () => process.version

const [PHRASE, OTHER, PASSWORD] = [
  'passphrase of the first',
  'passphrase of the second',
  'correct horse battery staple',
]

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const folder = await compiledExample(context, 'command-line-wallet')
  const [server, serverAt] = [context.bin('reshare-server/bin.js'), { cwd: folder }]
  const node = (/** @type {string[]} */ ...parameters) =>
    context.run(process.execPath, [server, ...parameters], serverAt)
  const token = (await node('token', 'ann')).trim()
  const { secretKey } = JSON.parse(await node('channel-key'))
  const env = { PORT: '0', RESHARE_CHANNEL_KEY: secretKey, RESHARE_REQUIRE_SEALED: 'true' }
  const { ready, stop } = await context.start(process.execPath, [server, '--dev-custodian'], { cwd: folder, env })
  try {
    const settings = { RESHARE_URL: ready.url, RESHARE_SERVER_KEY: ready.channelKey, RESHARE_TOKEN: token }
    /** A device. @param {string} home @returns {(typed: string[], ...words: string[]) => Promise<string>} */
    const at =
      (home) =>
      (typed, ...words) =>
        context.run(process.execPath, ['dist/main.js', ...words], {
          cwd: folder,
          env: { ...settings, WALLET_HOME: join(folder, home) },
          input: typed.map((line) => `${line}\n`).join(''),
        })
    await use(at('first'), at('second'))
    assertNothingShown(folder)
    return 'generate, address, backup, recover, sign (ed25519, ecdsa, bip340), devices, revoke; over a sealed channel'
  } finally {
    await stop()
  }
}

/** @typedef {(typed: string[], ...words: string[]) => Promise<string>} Wallet */

/** @param {Wallet} first @param {Wallet} second */
async function use(first, second) {
  const addresses = await first([PHRASE, PHRASE], 'generate')
  if ((await first([], 'address')) !== addresses) throw new Error('it has other addresses')
  await first([PHRASE, PASSWORD, PASSWORD], 'backup', 'backup.txt')
  // Several processes may use one folder at the same time.
  await Promise.all([
    refused('it overwrote a backup', /EEXIST/, first([PHRASE, PASSWORD, PASSWORD], 'backup', 'backup.txt')),
    refused('another passphrase signed', /SHARE_NOT_FOUND: the passphrase/, first([OTHER], 'sign', 'hello')),
    ...['ed25519', 'ecdsa', 'bip340'].map(async (scheme) =>
      found(await first([PHRASE], 'sign', 'hello', '--scheme', scheme), /^signature +([0-9a-f]{128})$/m),
    ),
  ])

  await refused('another password', /WRONG_PASSWORD/, second([OTHER, OTHER, 'not this one'], 'recover', 'backup.txt'))
  if ((await second([OTHER, PASSWORD], 'recover', 'backup.txt')) !== addresses) throw new Error('another wallet')
  await second([OTHER], 'sign', 'hello')
  await second([OTHER], 'revoke', found(await second([OTHER], 'devices'), /^([0-9a-f]{64}) {2}signs/m))
  found(await second([OTHER], 'devices'), /^([0-9a-f]{64}) {2}revoked/m)
  await refused('a device that was revoked signed', /DEVICE_REVOKED/, first([PHRASE], 'sign', 'hello'))
}

/** @param {string} otherwise @param {RegExp} pattern @param {Promise<string>} running */
async function refused(otherwise, pattern, running) {
  const said = await running.then(
    () => undefined,
    (/** @type {Error} */ { message }) => message,
  )
  if (said === undefined) throw new Error(otherwise)
  found(said, new RegExp(`(${pattern.source})`))
}

/** What the devices keep has none of what was typed. @param {string} folder */
function assertNothingShown(folder) {
  const files = ['first', 'second'].flatMap((home) =>
    readdirSync(join(folder, home), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  )
  for (const file of [...files, join(folder, 'backup.txt')]) {
    const text = readFileSync(file, 'latin1')
    if ([PHRASE, OTHER, PASSWORD].some((secret) => text.includes(secret))) throw new Error(`${file} has a secret`)
  }
}
