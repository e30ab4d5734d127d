import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const FLAGS = ['-O3s', '--noAssert', '--runtime', 'stub', '--use', 'abort=', '--enable', 'simd']

/** Compiles an AssemblyScript entry of the repository with the flags of the shipped module. Node only. */
export async function compileAssembly(entry: string): Promise<Uint8Array<ArrayBuffer>> {
  const baseDir = fileURLToPath(new URL('../..', import.meta.url))
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    [entry, '--baseDir', baseDir, '--outFile', 'out.wasm', '--initialMemory', '8', '--maximumMemory', '8', ...FLAGS],
    { writeFile: (_name: string, contents: Uint8Array) => void (wasm = contents) },
  )
  if (error || wasm === undefined) throw new Error(`asc failed: ${stderr.toString()}`)
  return new Uint8Array(wasm)
}
