import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** A file that a page loads. */
export interface PageFile {
  readonly type: string
  readonly body: Uint8Array
  readonly gzip: Uint8Array
}

/** By the path under which it is served. */
export type PageFiles = ReadonlyMap<string, PageFile>

/** The sources of the pages, which are not compiled with the programs of the demo: esbuild bundles them. */
const SOURCES = fileURLToPath(new URL('../../../demo/web/page/', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Bundles the pages. What a page does not need at first is in files of its own, loaded when it is used. */
export async function bundlePages(): Promise<PageFiles> {
  const { outputFiles } = await build({
    entryPoints: ['device.tsx', 'wallet-worker.ts', 'overview.tsx', 'style.css'].map((name) => SOURCES + name),
    outdir: '/',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    chunkNames: 'part-[hash]',
    write: false,
    logLevel: 'error',
  })
  const bundled = outputFiles.map(({ path, contents }) => [path.replaceAll('\\', '/'), contents] as const)
  const written = await Promise.all(
    ['device.html', 'overview.html', 'icon.svg'].map(
      async (name) => [`/${name}`, await readFile(SOURCES + name)] as const,
    ),
  )
  return new Map(
    [...bundled, ...written].map(([path, body]) => {
      const type = TYPES[path.slice(path.lastIndexOf('.') + 1)]
      if (type === undefined) throw new Error(`no content type is known for ${path}`)
      return [path.slice(path.lastIndexOf('/')), { type, body, gzip: gzipSync(body, { level: 9 }) }]
    }),
  )
}
