import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { buildPrograms } from '../support/programs.ts'
import { moduleOf, nameOf, ROOT, type Block } from './blocks.ts'
import { SOURCES } from './public-names.ts'

/** For esbuild: puts the package in the place that it has for a user, by its public names, from its sources. */
export const byPublicNames: Plugin = {
  name: 'public names',
  setup({ onResolve }) {
    onResolve({ filter: /^reshare(\/|$)/ }, ({ path }) => {
      const source = SOURCES.get(path)
      return source === undefined ? { errors: [{ text: `${path} is not exported` }] } : { path: source }
    })
  },
}

function virtual(blocks: readonly Block[]): Plugin {
  const byName = new Map(blocks.map((block) => [nameOf(block), block]))
  return {
    name: 'blocks',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^block:/ }, ({ path }) => ({ path: path.slice('block:'.length), namespace: 'block' }))
      onLoad({ filter: /./, namespace: 'block' }, ({ path }) => ({
        contents: moduleOf(byName.get(path)!),
        loader: 'ts',
        resolveDir: join(ROOT, 'test/docs'),
      }))
    },
  }
}

/**
 * Builds blocks, and `reshare-server` as `bin.js`, as modules of Node in a folder. They share what they import, as modules of
 * one program do.
 *
 * @param folder below node_modules, so that the packages are found
 * @returns where the module of a block is
 */
export async function bundle(blocks: readonly Block[], folder: string): Promise<(block: Block) => string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  await buildPrograms({
    entryPoints: [
      { in: join(ROOT, 'server/bin.js'), out: 'bin' },
      { in: join(ROOT, 'src/workers/worker.ts'), out: 'worker' },
      { in: join(ROOT, 'test/docs/context.ts'), out: 'context' },
      ...blocks.map((block) => ({ in: `block:${nameOf(block)}`, out: nameOf(block) })),
    ],
    outdir: folder,
    splitting: true,
    plugins: [byPublicNames, virtual(blocks)],
  })
  return (block) => join(folder, `${nameOf(block)}.js`)
}
