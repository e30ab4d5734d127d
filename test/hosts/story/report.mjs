/**
 * Runs an app and sends what it returns or throws to the server that it came from (support/pages.mjs).
 *
 * @param {string} from which script of the page it is
 * @param {(options: { url: string, token: string }) => Promise<unknown>} run
 * @param {string} [base] of the server; by default the origin of the page
 */
export async function reportFrom(from, run, base = globalThis.location.origin) {
  const report = async (/** @type {unknown} */ body) => {
    await fetch(`${base}/report`, { method: 'POST', body: JSON.stringify(body) })
  }
  try {
    const options = await (await fetch(`${base}/hosts.json`)).json()
    await report({ from, result: await run(options) })
  } catch (error) {
    await report({ from, error: `${error?.message ?? error}\n${error?.stack ?? ''}` })
  }
}
