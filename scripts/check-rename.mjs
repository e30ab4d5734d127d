// @ts-check
// Shows that a commit changed names only: `node scripts/check-rename.mjs [from] [to]`, by default of the last commit. The
// tokens of every source file are the same before and after but for names, texts and comments; each new name is printed
// with the old one that it replaces. Where lines broke anew, a comma before a closing bracket may have come or gone.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const [from = 'HEAD~1', to = 'HEAD'] = process.argv.slice(2)

/** @type {Map<string, number>} */
const renamed = new Map()
const problems = /** @type {string[]} */ ([])
for (const { before, after } of changedSources()) compare(before, after)
for (const [names, count] of [...renamed].sort((a, b) => b[1] - a[1])) console.log(`${count}\t${names}`)
for (const problem of problems) console.error(problem)
console.log(`${renamed.size} names changed, ${problems.length} files changed otherwise`)
process.exitCode = problems.length === 0 ? 0 : 1

/** @param {readonly string[]} args */
function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
}

/** Sources that were changed or moved, by their paths. */
function changedSources() {
  const lines = git('diff', '-M20%', '--name-status', from, to, '--', '*.ts', '*.mjs', '*.js').trim().split('\n')
  return lines.flatMap((line) => {
    const [status = '', before = '', after = before] = line.split('\t')
    if (/^[MR]/.test(status)) return [{ before, after }]
    if (status !== '') problems.push(`${before}: added or deleted`)
    return []
  })
}

/** @param {string} before @param {string} after */
function compare(before, after) {
  const old = tokensOf(git('show', `${from}:${before}`))
  const now = tokensOf(git('show', `${to}:${after}`))
  const at = old.findIndex(({ kind }, i) => kind !== now[i]?.kind)
  if (at >= 0 || old.length !== now.length) {
    problems.push(`${after}: ${old[at]?.text ?? 'its end'} became ${now[at]?.text ?? 'something longer'}`)
    return
  }
  old.forEach(({ text }, i) => {
    const name = now[i]?.text ?? ''
    if (text !== name) renamed.set(`${text} -> ${name}`, (renamed.get(`${text} -> ${name}`) ?? 0) + 1)
  })
}

/**
 * The tokens of a file without comments, imports sorted: where they lie may have changed their order.
 *
 * @param {string} source
 */
function tokensOf(source) {
  const file = ts.createSourceFile('file.ts', source, ts.ScriptTarget.Latest)
  const imports = file.statements.filter(ts.isImportDeclaration)
  const others = file.statements.filter((statement) => !ts.isImportDeclaration(statement))
  const named = imports.map((one) => leavesOf(one, file)).sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
  return [
    ...named.map((tokens) => ({ kind: ts.SyntaxKind.ImportDeclaration, text: textOf(tokens) })),
    ...others.flatMap((one) => leavesOf(one, file)),
  ]
}

/** @param {readonly { text: string }[]} tokens */
function textOf(tokens) {
  return tokens.map(({ text }) => text).join(' ')
}

/** @param {ts.Node} node @param {ts.SourceFile} file @returns {{ kind: ts.SyntaxKind, text: string }[]} */
function leavesOf(node, file) {
  if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return []
  const children = node.getChildren(file)
  if (children.length === 0) return node.getText(file) === '' ? [] : [{ kind: node.kind, text: node.getText(file) }]
  const leaves = children.flatMap((child) => leavesOf(child, file))
  return leaves.filter(({ kind }, i) => kind !== ts.SyntaxKind.CommaToken || !isClosing(leaves[i + 1]?.text ?? ')'))
}

/** @param {string} text */
function isClosing(text) {
  return text === ')' || text === ']' || text === '}' || text === '>'
}
