import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CallStatus } from '../../src/wasm/instance.ts'
import { wasmBytes } from '../../src/wasm/text.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('statuses are those of the module', () => {
  const source = read('assembly/memory.ts') + read('assembly/ot/memory.ts')
  const codes = Object.entries(CallStatus).map(([name, code]) => [name.toUpperCase(), code])
  for (const [name, code] of codes) expect(source).toMatch(new RegExp(`^export const ${name}: i32 = ${code}$`, 'm'))
  const returned = read('assembly/ot/memory.ts').match(/^export const [A-Z]+: i32 = \d$/gm)
  expect(returned).toEqual([`export const CHEAT: i32 = ${CallStatus.cheat}`])
})

/** The methods of an interface, and how many parameters each has. */
function methodsOf(name: string): [string, number][] {
  const body = new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, 'ms').exec(read('src/wasm/instance.ts'))![1]!
  return [...body.matchAll(/^ {2}(\w+)\(([^)]*)\)/gm)].map(([, method, parameters]) => {
    return [method!, parameters!.match(/\w+: number/g)?.length ?? 0]
  })
}

test('the types of the exports have every export, by its name, with as many parameters', () => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasmBytes()))
  const curve = (prefix: string) =>
    methodsOf('CurveExports').map(([name, length]): [string, number] => {
      return [prefix + name.charAt(0).toUpperCase() + name.slice(1), length]
    })
  const arenas = ['arena', 'arenaBytes', 'otArena', 'otArenaBytes'].map((name): [string, number] => [name, 0])
  const typed = [...curve('secp256k1'), ...curve('ed25519'), ...methodsOf('OtExports'), ...arenas]
  const actual = Object.entries(exports).flatMap(([name, run]) =>
    typeof run === 'function' ? [[name, run.length]] : [],
  )
  expect(Object.fromEntries(typed)).toEqual(Object.fromEntries(actual))
})
