// What every host has to do: a wallet is generated, backed up, recovered on a fresh store, and signs with both keys. It
// imports nothing, so that a cell may get the modules in its own way (app.mjs: import; cells/node-22-require.mjs: require).

/** In this order; a cell says what it ran in these words. */
export const STEPS = ['generate', 'backup', 'recover', 'sign']

/**
 * @param {Record<string, any>} modules what app.mjs imports
 * @param {object} options
 * @param {string} options.url of the signing server
 * @param {string} options.token of a client without a wallet
 * @param {unknown} [options.method] of the backup; a password at the usual cost
 * @param {boolean} [options.ecdsa] whether ECDSA is signed with, too
 * @returns {Promise<{ publicKeys: Record<string, string>, schemes: string[], seconds: Record<string, number> }>}
 */
export async function story(modules, { url, token, method, ecdsa = true }) {
  const { backupWallet, createClient, generateWallet, recoverWallet, sign } = modules
  const { httpTransport, memoryStore, password, secp256k1, ed25519 } = modules
  const seconds = {}
  const step = async (name, run) => {
    const started = Date.now()
    try {
      return await run()
    } catch (cause) {
      throw new Error(`${name}: ${cause?.code ?? ''} ${cause?.message ?? cause}${becauseOf(cause)}`, { cause })
    } finally {
      seconds[name] = (Date.now() - started) / 1000
    }
  }
  const transport = httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) })
  const device = (label) => createClient({ transport, storage: memoryStore(), label, pool: { size: 0 } })
  const by = method ?? password('correct horse battery staple')

  const phone = device('phone')
  const wallet = await step('generate', () => generateWallet(phone))
  const cipherText = await step('backup', async () => {
    const backup = await backupWallet(phone, { walletId: wallet.id, method: by })
    await backup.confirm()
    return backup.cipherText
  })
  const laptop = device('laptop')
  const recovered = await step('recover', () => recoverWallet(laptop, { cipherText, method: by, existingSets: 'keep' }))
  const publicKeys = hexOf(wallet.publicKeys)
  if (JSON.stringify(publicKeys) !== JSON.stringify(hexOf(recovered.publicKeys))) throw new Error('another wallet')

  const message = new TextEncoder().encode('signed where the package was installed')
  const request = { walletId: wallet.id, message }
  await step('sign', async () => {
    const { signature } = await sign(laptop, { ...request, scheme: 'ed25519' })
    if (!ed25519.verify(signature, message, wallet.publicKeys.ed25519)) throw new Error('a wrong ed25519 signature')
    if (!ecdsa) return
    const other = await sign(laptop, { ...request, scheme: 'ecdsa', hash: 'sha256' })
    if (!secp256k1.verify(other.signature, message, wallet.publicKeys.secp256k1))
      throw new Error('a wrong ECDSA signature')
  })
  return { publicKeys, schemes: ecdsa ? ['ed25519', 'ecdsa'] : ['ed25519'], seconds }
}

/** The causes of an error, each of which may be of another realm. @param {any} error */
function becauseOf(error) {
  const { cause } = error ?? {}
  return cause === undefined || cause === null ? '' : `, because of ${cause.message ?? cause}${becauseOf(cause)}`
}

/** @param {Record<string, Uint8Array>} publicKeys */
function hexOf(publicKeys) {
  const hex = (/** @type {Uint8Array} */ bytes) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return Object.fromEntries(Object.entries(publicKeys).map(([curve, bytes]) => [curve, hex(bytes)]))
}
