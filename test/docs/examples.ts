import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { ROOT, type Block } from './blocks.ts'
import { SOURCES } from './public-names.ts'

/** Names of other packages that examples use. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  '@solana/kit': [
    'createSignableMessage',
    'createTransactionMessage',
    'offchainMessageApplicationDomain',
    'offchainMessageContentUtf8Of1232BytesMax',
    'setTransactionMessageFeePayerSigner',
  ],
  viem: ['createWalletClient', 'http'],
  'viem/chains': ['mainnet'],
  vitest: ['test'],
}

/**
 * The `@example` blocks of `src` as modules. Most have no imports of their own, which a reader does not need: what an
 * example uses is imported from the entry point that exports it, or else from `example-names.ts`, on its first line.
 */
export function examples(): Block[] {
  const paths = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  return paths
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => examplesOf(`src/${path}`))
    .map((block) => ({ ...block, code: importsOf(block, sourcesFor(block.page)) + block.code }))
}

/** The examples of one file, as they are written. */
export function examplesOf(page: string, text = readFileSync(join(ROOT, page), 'utf8')): Block[] {
  const blocks: Block[] = []
  if (!text.includes('@example')) return blocks
  const source = ts.createSourceFile(page, text, ts.ScriptTarget.Latest, true)
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.parent.parent !== node || tag.tagName.text !== 'example') continue
      const line = source.getLineAndCharacterOfPosition(tag.getStart(source)).line + 2
      const code = `${ts.getTextOfJSDocComment(tag.comment) ?? ''}\n`
      blocks.push({ page, line, language: 'ts', needs: [], notRun: undefined, code })
    }
    node.forEachChild(visit)
  }
  visit(source)
  return blocks
}

/** Imports of the names that an example uses and does not declare; of no name that is known nowhere. */
function importsOf({ page, code }: Block, sourceOf: ReadonlyMap<string, string>): string {
  const isProtocol = /^src\/(?:curve|protocol)\//.test(page)
  const given = `./example-names${isProtocol ? '-protocol' : ''}.ts`
  const known = new Map([...sourceOf, ...namesOf([given, exportedBy(join(ROOT, 'test/docs', given))])])
  return [...freeNames(code)]
    .map((name) => (known.has(name) ? `import { ${name} } from '${known.get(name)!}'; ` : ''))
    .join('')
}

function freeNames(code: string): Set<string> {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true)
  const [used, declared] = [new Set<string>(), new Set<string>()]
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) (isDeclared(node) ? declared : isNamed(node) ? new Set() : used).add(node.text)
    node.forEachChild(visit)
  }
  visit(source)
  return new Set([...used].filter((name) => !declared.has(name)))
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) {
    return parent.name === node
  }
  return ts.isImportSpecifier(parent)
}

/** Whether it names a member of something, and not a variable. */
function isNamed(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  if (ts.isPropertyAssignment(parent)) return parent.name === node
  return ts.isBindingElement(parent) && parent.propertyName === node
}

/**
 * Each public name with an entry point that exports it. Of several, such as those of `sign`, it is the one of the page's own
 * folder, or else the first.
 */
function sourcesFor(page: string): Map<string, string> {
  const own = /^src\/remote\/host\//.test(page)
    ? 'reshare/remote/serve'
    : page.startsWith('src/remote/')
      ? 'reshare/remote'
      : ''
  const entries = [...SOURCES].sort(([a], [b]) => Number(b === own) - Number(a === own))
  const names = [
    ...entries.flatMap(([entry, source]) => namesOf([entry, exportedBy(source)])),
    ...Object.entries(OTHERS).flatMap(namesOf),
  ]
  return new Map(names.reverse())
}

function namesOf([source, names]: readonly [string, readonly string[]]): [name: string, source: string][] {
  return names.map((name) => [name, source])
}

/** What a module exports by its own declarations and export lists. */
function exportedBy(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  return source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, moduleSpecifier } = statement
      if (exportClause && ts.isNamedExports(exportClause)) return exportClause.elements.map(({ name }) => name.text)
      return exportedBy(join(dirname(path), (moduleSpecifier as ts.StringLiteral).text))
    }
    const isExported = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExport)
    if (!isExported) return []
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => (name as ts.Identifier).text)
    }
    return [(statement as ts.FunctionDeclaration).name!.text]
  })
}

function isExport({ kind }: ts.ModifierLike): boolean {
  return kind === ts.SyntaxKind.ExportKeyword
}
