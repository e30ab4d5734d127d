// @ts-check
// The search of the built site, asked as its box asks.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a reader may type, and a page that is among the first ten found. */
export const QUESTIONS = [
  ['recoverWallet', 'reference/exports/reshare.html'],
  ['Argon2id', 'backup.html'],
  ['cloudflare', 'runtimes.html'],
  ['lost device', 'client.html'],
  ['webhook secret', 'reference/custodian.html'],
  ['rate limits', 'guides/server.html'],
  ['OT_POISONED', 'ecdsa.html'],
  ['sendRound round of an operation', 'reference/openapi-server.html'],
  ['postgres backup restore', 'operations.html'],
  ['PSBT', 'adapters.html'],
  ['oblivious transfer', 'glossary.html'],
  ['benchmarks', 'internals/bench.html'],
]

/** @param {string} folder of the built site @param {string} base @returns {Promise<string[]>} */
export async function searchProblems(folder, base) {
  // By a name, because the site's packages are installed only where the site is built: types are checked without them.
  const name = 'minisearch'
  const { default: MiniSearch } = await import(name)
  const chunks = join(folder, 'assets/chunks')
  const file = readdirSync(chunks).find((name) => name.startsWith('@localSearchIndex'))
  if (file === undefined) return ['there is no search index']
  const source = Buffer.from(readFileSync(join(chunks, file))).toString('base64')
  const { default: index } = await import(`data:text/javascript;base64,${source}`)
  const search = MiniSearch.loadJSON(index, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    searchOptions: { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 } },
  })
  return QUESTIONS.flatMap(([question = '', page]) => {
    /** @type {readonly { readonly id: unknown }[]} */
    const results = search.search(question)
    const found = results.slice(0, 10).map(({ id }) => String(id).slice(base.length).split('#')[0])
    return found.includes(page) ? [] : [`"${question}" does not find ${page}, but ${[...new Set(found)].join(', ')}`]
  })
}
