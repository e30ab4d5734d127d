import { compileAssembly } from '../support/assembly.ts'

/** Where the operands of a call lie, from the arena on. */
export const SLOT = 96
export const [R, A, B, C] = [0, 1, 2, 3].map((i) => i * SLOT) as [number, number, number, number]
/** One more than a limb holds. */
export const UNIT = 2n ** 29n

/** The exports of assembly/test-exports.ts, their memory, and where in it calls may work. */
export async function fieldExports() {
  const module = new WebAssembly.Module(await compileAssembly('assembly/test-exports.ts'))
  const run = new WebAssembly.Instance(module).exports as Record<string, (...values: number[]) => number>
  const view = new DataView((run['memory'] as unknown as WebAssembly.Memory).buffer)
  return { run, view, arena: (run['arena'] as () => number)() }
}
