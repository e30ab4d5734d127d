import binaryen from 'binaryen'

// Rewrites a WebAssembly binary so that it reports everything whose timing may depend on a value: conditions of
// branches and selects, addresses, divisors, lengths of bulk operations. Two runs of constant-time code on other secrets
// report the same. An instruction that the table does not know fails the rewriting. It proves nothing below WebAssembly:
// not about the compiler that runs it, nor about the processor.

type Expression = number

/** The child expressions of an instruction, and those of them that it reports. */
interface Shape {
  readonly children: readonly string[]
  readonly watched?: readonly string[]
}

const SHAPES: Readonly<Record<string, Shape>> = {
  Nop: { children: [] },
  Unreachable: { children: [] },
  Const: { children: [] },
  LocalGet: { children: [] },
  GlobalGet: { children: [] },
  MemorySize: { children: [] },
  LocalSet: { children: ['value'] },
  GlobalSet: { children: ['value'] },
  Drop: { children: ['value'] },
  Return: { children: ['value'] },
  Unary: { children: ['value'] },
  Binary: { children: ['left', 'right'] },
  Loop: { children: ['body'] },
  If: { children: ['condition', 'ifTrue', 'ifFalse'], watched: ['condition'] },
  Break: { children: ['value', 'condition'], watched: ['condition'] },
  Switch: { children: ['value', 'condition'], watched: ['condition'] },
  Select: { children: ['ifTrue', 'ifFalse', 'condition'], watched: ['condition'] },
  CallIndirect: { children: ['target'], watched: ['target'] },
  Call: { children: [] },
  Block: { children: [] },
  Load: { children: ['ptr'], watched: ['ptr'] },
  Store: { children: ['ptr', 'value'], watched: ['ptr'] },
  MemoryCopy: { children: ['dest', 'source', 'size'], watched: ['dest', 'source', 'size'] },
  MemoryFill: { children: ['dest', 'value', 'size'], watched: ['dest', 'size'] },
  SIMDLoad: { children: ['ptr'], watched: ['ptr'] },
  SIMDLoadStoreLane: { children: ['ptr', 'vec'], watched: ['ptr'] },
  SIMDExtract: { children: ['vec'] },
  SIMDReplace: { children: ['vec', 'value'] },
  SIMDShuffle: { children: ['left', 'right'] },
  SIMDTernary: { children: ['a', 'b', 'c'] },
  SIMDShift: { children: ['vec', 'shift'], watched: ['shift'] },
}

/** Instructions whose children come as a list: its length and its getter. */
const LISTS: Readonly<Record<string, readonly [string, string]>> = {
  Block: ['numChildren', 'getChildAt'],
  Call: ['numOperands', 'getOperandAt'],
  CallIndirect: ['numOperands', 'getOperandAt'],
}

const DIVISIONS = ['DivS', 'DivU', 'RemS', 'RemU'].flatMap((name) => [`${name}Int32`, `${name}Int64`])

type Wrapper = Record<string, unknown>

const library = binaryen as unknown as Record<string, unknown> & { ExpressionIds: Record<string, number> }
const kinds = new Map(Object.entries(library.ExpressionIds).map(([kind, id]) => [id, kind]))
const divisions = new Set(DIVISIONS.map((name) => library[name]))

/** The rewritten binary; it wants the import `trace.note(site: i32, value: i32)`. */
export function instrument(wasm: Uint8Array): { wasm: Uint8Array<ArrayBuffer>; sites: readonly string[] } {
  const module = binaryen.readBinary(wasm)
  module.setFeatures(binaryen.Features.All)
  const sites: string[] = []
  const { i32, i64 } = binaryen
  const bodies = Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  )

  const watch = (value: Expression, site: string): Expression => {
    sites.push(site)
    const id = module.i32.const(sites.length - 1)
    const type = binaryen.getExpressionType(value)
    return module.call(type === i64 ? 'watch64' : 'watch32', [id, value], type)
  }

  const walk = (expression: Expression, where: string): void => {
    if (!expression) return
    const kind = kinds.get(binaryen.getExpressionId(expression)) ?? ''
    const shape = SHAPES[kind]
    if (shape === undefined) throw new Error(`no rule for the instruction ${kind}`)
    const wrapper = (library[kind] as (expression: Expression) => Wrapper)(expression)
    const [length, getter] = LISTS[kind] ?? []
    if (length !== undefined && getter !== undefined) {
      for (let i = 0; i < (wrapper[length] as number); i++) walk((wrapper[getter] as (i: number) => number)(i), where)
    }
    for (const child of shape.children) walk(wrapper[child] as Expression, where)
    const watched = kind === 'Binary' && divisions.has(wrapper['op']) ? ['left', 'right'] : (shape.watched ?? [])
    for (const child of watched) {
      if (wrapper[child]) wrapper[child] = watch(wrapper[child] as Expression, `${where}, ${kind}.${child}`)
    }
  }

  for (const { name, module: imported, body } of bodies) if (!imported) walk(body, `function ${name}`)

  module.addFunctionImport('note', 'trace', 'note', binaryen.createType([i32, i32]), binaryen.none)
  const note = (value: Expression): Expression => module.call('note', [module.local.get(0, i32), value], binaryen.none)
  const wide = module.local.get(1, i64)
  const halves = [note(module.i32.wrap(wide)), note(module.i32.wrap(module.i64.shr_u(wide, module.i64.const(32n))))]
  const narrow = module.local.get(1, i32)
  module.addFunction(
    'watch32',
    binaryen.createType([i32, i32]),
    i32,
    [],
    module.block(null, [note(narrow), module.local.get(1, i32)], i32),
  )
  module.addFunction(
    'watch64',
    binaryen.createType([i32, i64]),
    i64,
    [],
    module.block(null, [...halves, module.local.get(1, i64)], i64),
  )
  if (!module.validate()) throw new Error('the rewritten module is not valid')
  const out = module.emitBinary()
  module.dispose()
  return { wasm: new Uint8Array(out), sites }
}

/** What one run reported: how many events, and a hash of them in order. */
export interface Trace {
  readonly events: number
  readonly hash: number
}

export interface Traced {
  readonly exports: Record<string, (...values: number[]) => number | undefined>
  readonly memory: Uint8Array
  /** Runs and traces. */
  trace(run: () => void): Trace
  /** The first place at which two runs differ, by function number and instruction. */
  firstDifference(one: () => void, other: () => void): string
}

/** Instruments and instantiates a binary. */
export function traced(binary: Uint8Array): Traced {
  const { wasm, sites } = instrument(binary)
  let events = 0
  let hash = 0
  let log: number[] | undefined
  const note = (site: number, value: number): void => {
    events++
    hash = (Math.imul(hash ^ value, 0x01000193) + site) | 0
    hash ^= hash >>> 15
    log?.push(site, value)
  }
  const exports = new WebAssembly.Instance(new WebAssembly.Module(wasm), { trace: { note } })
    .exports as unknown as Traced['exports'] & { memory: WebAssembly.Memory }

  const record = (run: () => void): number[] => {
    const events: number[] = (log = [])
    run()
    log = undefined
    return events
  }

  return {
    exports,
    memory: new Uint8Array(exports.memory.buffer),
    trace(run) {
      events = 0
      hash = 0
      run()
      return { events, hash }
    },
    firstDifference(one, other) {
      const [a, b] = [record(one), record(other)]
      const at = a.findIndex((value, i) => value !== b[i])
      return at < 0 ? 'none' : `${sites[a[at & ~1] as number]} after ${at >> 1} events`
    },
  }
}
