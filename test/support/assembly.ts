import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const FLAGS = ['-O3s', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd']

/** Compiles an AssemblyScript entry of the repository with the flags of the shipped module. Node only. */
export async function compileAssembly(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const baseDir = fileURLToPath(new URL('../..', import.meta.url))
  const flags = [
    '--baseDir',
    baseDir,
    '--outFile',
    'out.wasm',
    '--initialMemory',
    '10',
    '--maximumMemory',
    '10',
    ...FLAGS,
  ]
  let wasm: Uint8Array | undefined
  let messages = ''
  const { error } = await asc.main([entry, ...flags], {
    writeFile(_name, contents) {
      if (typeof contents !== 'string') wasm = contents
    },
    stderr: { write: (chunk: string | Uint8Array) => void (messages += String(chunk)) },
  })
  if (error || wasm === undefined) throw new Error(`asc failed: ${messages}`)
  return new Uint8Array(wasm)
}
