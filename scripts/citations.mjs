// @ts-check
// What documents and comments cite: files, headings, invariants, error codes. `citations` finds what is not there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Where comments are read. */
const SOURCES = ['src', 'assembly', 'test', 'scripts', 'bench', 'load', 'demo', 'site']
const SOURCE = /[.](ts|mjs)$/
/** Generated, or a corpus of texts that look like citations. */
const NOT_READ =
  /[.]gen[.]ts$|^src\/wasm\/generated[.]ts$|node_modules|^test\/repository\/citations[.]node[.]test[.]ts$/

/** They say what a version or a run was like: its files may be gone. */
const RECORDS = new Set(['CHANGELOG.md', 'docs/internals/mutation.md'])
/** What programs of the repository write, and Git does not keep. */
const OUTPUT = /^bench\/(results|charts)/

/** Where the server's invariants are written down. */
const INVARIANTS = 'docs/internals/signing-server.md'
/** Whose sections are cited by number: each stands before the number, in the same sentence. */
const STANDARD = /[Tt]heir §|RFC \d+|SEC \d|FIPS|eprint|JSON-RPC|et al|BIP|DKLs|EIP/

/** @param {string} root @returns {Map<string, string>} documents and sources by path */
export function citingFiles(root) {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = [...readdirSync(root), ...docs.map((name) => `docs/${name}`)]
  const sources = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  ).filter((path) => SOURCE.test(path) && !NOT_READ.test(path))
  const paths = [...pages.filter((path) => path.endsWith('.md')), ...sources]
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/**
 * What is cited and is not there.
 *
 * @param {string} root of the repository
 * @param {ReadonlyMap<string, string>} [files]
 * @returns {string[]} each as `file: what`
 */
export function citations(root, files = citingFiles(root)) {
  const known = {
    root,
    files,
    paths: pathsOf(root),
    code: knownCode(files),
    invariants: invariantsOf(files.get(INVARIANTS) ?? ''),
  }
  return [...files].flatMap(([path, text]) => {
    const isPage = path.endsWith('.md')
    const prose = isPage ? text : commentsOf(text)
    const found = [...missingPages(path, prose, known), ...missingInvariants(prose, known.invariants)]
    if (!RECORDS.has(path)) found.push(...missingPaths(prose, known), ...unknownSections(prose))
    if (isPage) found.push(...missingCodes(text, known.code))
    return [...new Set(found)].map((what) => `${path}: ${what}`)
  })
}

/**
 * @typedef {object} Known
 * @property {string} root
 * @property {ReadonlyMap<string, string>} files
 * @property {string} paths every file and folder, one a line
 * @property {string} code
 * @property {Set<string>} invariants
 */

/** The comments of a source, each in one line. @param {string} text */
export function commentsOf(text) {
  const comments = text.match(/\/\*[^]*?\*\/|(?:^[ \t]*\/\/.*\n?)+|(?<=\s)\/\/.*/gm) ?? []
  return comments.map((comment) => comment.replace(/\s*\n\s*(?:\/\/|\*)?\s*/g, ' ')).join('\n')
}

/** As GitHub makes them. @param {string} page */
export function anchorsOf(page) {
  const outsideCode = page.replace(/^```[^]*?^```/gm, '')
  const headings = [...outsideCode.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  )
}

/** @param {string} path @param {string} prose @param {Known} known */
function missingPages(path, prose, { root, files }) {
  const cited = [...prose.matchAll(/(?<![\w/.:-])((?:[\w.-]+\/)*[\w-]+[.]md)?(?:#([\p{L}\p{N}_-]+))?/gu)]
  const own = [...(path.endsWith('.md') ? prose : '').matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => [path, anchor])
  const named = cited.filter(([, page]) => page !== undefined).map(([, page, anchor]) => [page, anchor])
  return [...named, ...own].flatMap(([page = '', anchor]) => {
    const below = [...files.keys()].filter((known) => known.startsWith('docs/') && known.endsWith(`/${page}`))
    const candidates = [normalize(join(dirname(path), page)), page, ...below]
    const target = candidates.find((candidate) => files.has(candidate) || existsSync(join(root, candidate)))
    if (target === undefined) return [`no page ${page}`]
    const there = anchor === undefined || anchorsOf(files.get(target) ?? '').has(anchor)
    return there ? [] : [`no heading #${anchor} in ${target}`]
  })
}

/** @param {string} prose @param {Known} known */
function missingPaths(prose, { paths: known }) {
  const paths = prose.match(/(?<![\w/.@-])(?:src|assembly|test|scripts|bench|demo|docs)\/[\w./{},*-]*[\w}*/]/g) ?? []
  const names = prose.match(/(?<![\w/.@*-])[\w-]+(?:[.]\w+)*[.]test[.]ts\b/g) ?? []
  const unknownNames = names.filter((name) => !known.includes(`/${name}\n`))
  const unknown = paths.filter((path) => !OUTPUT.test(path) && !patternOf(path).test(known))
  return [...unknown, ...unknownNames].map((path) => `no file ${path}`)
}

/** @param {string} root */
function pathsOf(root) {
  return [...SOURCES, 'docs']
    .flatMap((folder) => [
      folder,
      ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    ])
    .filter((path) => !path.includes('node_modules'))
    .map((path) => `${path}\n`)
    .join('')
}

/** A path as it is cited: `*` and `{a,b}` stand for several, and a test or source may go without its ending. @param {string} path */
function patternOf(path) {
  const pattern = path
    .replace(/\/$/, '')
    .replace(/[.]/g, '[.]')
    .replace(/\*+/g, '.*')
    .replace(/\{([^}]*)\}/g, (_, names) => `(?:${names.replaceAll(',', '|')})`)
  return new RegExp(`^${pattern}(?:(?:[.](?:node|browser))?[.]test)?(?:[.](?:ts|mjs|md|json))?$`, 'm')
}

/** @param {string} page */
function invariantsOf(page) {
  return new Set([...page.matchAll(/^\| (I\d) \|/gm)].map(([, name = '']) => name))
}

/** @param {string} prose @param {Set<string>} invariants */
function missingInvariants(prose, invariants) {
  const cited = prose.match(/\bI[1-9]\b/g) ?? []
  return cited.filter((name) => !invariants.has(name)).map((name) => `no invariant ${name} in ${INVARIANTS}`)
}

/** @param {string} prose */
function unknownSections(prose) {
  const cited = [...prose.matchAll(/(?:§ ?|\b[Ss]ections? )\d[\d.]*/g)]
  return cited
    .filter(({ index }) => !STANDARD.test(prose.slice(Math.max(0, index - 120), index + 60)))
    .map(([section]) => `${section}, of what?`)
}

/** @param {ReadonlyMap<string, string>} files */
function knownCode(files) {
  const code = [...files].filter(([path]) => SOURCE.test(path) && path !== 'scripts/citations.mjs')
  return code.map(([, text]) => text).join('\n')
}

/** Error codes and other constants. @param {string} page @param {string} code */
function missingCodes(page, code) {
  const names = [...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = '']) => name)
  return names.filter((name) => !code.includes(name)).map((name) => `no ${name} in any source`)
}
