import { join } from 'node:path'
import ts from 'typescript'
import { moduleOf, nameOf, placeOf, ROOT, type Block } from './blocks.ts'
import { SOURCES } from './public-names.ts'

const FOLDER = join(ROOT, 'test/docs')

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: ['node'],
  strict: true,
  noUnusedLocals: true,
  verbatimModuleSyntax: true,
  allowJs: true,
  checkJs: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  paths: {
    ...Object.fromEntries([...SOURCES].map(([name, source]) => [name, [source]])),
    'reshare/core.wasm': [join(ROOT, 'src/core.wasm.d.ts')],
  },
}

/**
 * What TypeScript says of blocks, all of them in one program. A name that a block declares may go unused, as a result that it
 * shows; one that it imports may not.
 *
 * @returns `page:line: message` each
 */
export function typeErrors(blocks: readonly Block[]): string[] {
  const files = new Map(blocks.map((block) => [join(FOLDER, `${nameOf(block)}.${block.language}`), block]))
  const host = ts.createCompilerHost(OPTIONS)
  const read = (path: string) => {
    const block = files.get(path)
    return block && moduleOf(block)
  }
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => files.has(path) || fileExists(path)
  host.readFile = (path) => read(path) ?? readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = read(path)
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version)
  }
  const program = ts.createProgram({ rootNames: [...files.keys()], options: OPTIONS, host })
  return [...files].flatMap(([path, block]) => {
    const source = program.getSourceFile(path)!
    return ts
      .getPreEmitDiagnostics(program, source)
      .filter(({ reportsUnnecessary, start }) => !reportsUnnecessary || isInImport(source, start!))
      .map(({ start, messageText }) => {
        const line = block.line + source.getLineAndCharacterOfPosition(start ?? 0).line
        return `${placeOf({ ...block, line })}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      })
  })
}

function isInImport(source: ts.SourceFile, position: number): boolean {
  return source.statements.some(
    (statement) => ts.isImportDeclaration(statement) && statement.pos <= position && position < statement.end,
  )
}
