// @ts-check
// How a bundle is built, but for how it is minified.

/**
 * @param {{ readonly exports: Readonly<Record<string, { readonly default: string }>> }} manifest
 * @param {import('./size-budgets.mjs').Bundle} bundle
 */
export function entryOf(manifest, { entries, platform }) {
  const contents = entries.map((entry, i) => {
    const [subpath, names] = /** @type {[string, string?]} */ (entry.split(': '))
    const path = manifest.exports[subpath]?.default
    return names === undefined ? `export * as entry${i} from '${path}'` : `export { ${names} } from '${path}'`
  })
  return {
    stdin: { contents: contents.join('\n'), resolveDir: process.cwd() },
    bundle: true,
    format: /** @type {const} */ ('esm'),
    target: 'es2022',
    platform,
    // Servers install these; what matters is who asks for them.
    external: platform === 'node' ? ['pg-native'] : [],
    write: /** @type {const} */ (false),
    logLevel: /** @type {const} */ ('error'),
  }
}
