import { toHex } from '../../../src/util/bytes.ts'
import type { SeededRandom } from '../../support/random.ts'

type Field = { name: string; type: string }

/** Typed data as a page writes it: any of it may be changed. */
export interface Generated {
  types: Record<string, Field[]>
  domain: Record<string, unknown>
  primaryType: string
  message: Record<string, unknown>
}

const DOMAIN: readonly (readonly [name: string, type: string])[] = [
  ['name', 'string'],
  ['version', 'string'],
  ['chainId', 'uint256'],
  ['verifyingContract', 'address'],
  ['salt', 'bytes32'],
]

/** Typed data with up to five structs of each kind of field. A struct holds later ones, and itself only in lists. */
export function generateTypedData(random: SeededRandom): Generated {
  const names = Array.from({ length: random.int(1, 5) }, (_, i) => `${random.pick(['S', 'Order', 'a_', 'Z9'])}${i}`)
  const types: Record<string, Field[]> = {}
  names.forEach((name, i) => {
    // Each later struct is used by the one before it: ethers refuses those that nobody uses.
    const used = i + 1 < names.length ? [names[i + 1] as string] : []
    const others = Array.from({ length: random.int(0, 4) }, () => fieldType(random, names, i))
    types[name] = [...used.map((type) => suffixed(random, type)), ...others].map((type, j) => ({ name: `f${j}`, type }))
  })
  const fields = DOMAIN.filter(() => random.int(0, 1) === 1).map(([name, type]) => ({ name, type }))
  if (random.int(0, 3) === 0) fields.reverse()
  const all = { ...types, EIP712Domain: fields }
  return {
    types: all,
    domain: structValue(random, all, 'EIP712Domain', 0),
    primaryType: names[0] as string,
    message: structValue(random, all, names[0] as string, 0),
  }
}

function fieldType(random: SeededRandom, names: readonly string[], index: number): string {
  const kind = random.int(0, 9)
  if (kind === 0 && index + 1 < names.length) return suffixed(random, random.pick(names.slice(index + 1)))
  if (kind === 1 && random.int(0, 3) === 0) return `${names[index]}[]`
  return suffixed(random, atomicType(random))
}

function suffixed(random: SeededRandom, type: string): string {
  const suffix = (): string => random.pick(['', '', '', '[]', '[2]', '[1]'])
  return type + suffix() + suffix()
}

function atomicType(random: SeededRandom): string {
  const bits = 8 * random.int(1, 32)
  return random.pick([`uint${bits}`, `int${bits}`, `bytes${bits / 8}`, 'bytes', 'string', 'bool', 'address'])
}

function structValue(random: SeededRandom, types: Generated['types'], name: string, depth: number) {
  const fields = types[name] as Field[]
  return Object.fromEntries(fields.map((field) => [field.name, validValue(random, types, field.type, depth)]))
}

function validValue(random: SeededRandom, types: Generated['types'], type: string, depth: number): unknown {
  const [, item, length] = /^(.*)\[(\d*)\]$/.exec(type) ?? []
  if (item !== undefined) {
    const count = length === '' ? random.int(0, depth > 3 ? 0 : 2) : Number(length)
    return Array.from({ length: count }, () => validValue(random, types, item, depth + 1))
  }
  if (Object.hasOwn(types, type)) return structValue(random, types, type, depth + 1)
  return atomicValue(random, type)
}

function atomicValue(random: SeededRandom, type: string): unknown {
  const size = Number(/\d+$/.exec(type)?.[0] ?? 0)
  if (type.startsWith('bytes')) return hex(random, size === 0 ? random.int(0, 70) : size)
  if (type === 'string')
    return random.pick(['', 'a text', '日本語 \u{1f600}', '0x1234', '5', '\u0000"\\', 'x'.repeat(200)])
  if (type === 'bool') return random.int(0, 1) === 1
  if (type === 'address') return hex(random, 20)
  return integer(random, type.startsWith('int'), size)
}

function integer(random: SeededRandom, signed: boolean, bits: number): unknown {
  const end = 1n << BigInt(signed ? bits - 1 : bits)
  const least = signed ? -end : 0n
  const any = BigInt(`0x${toHex(random(32))}`) % end
  const value = random.pick([least, end - 1n, 0n, 1n, any, signed ? -any : any])
  const isSafe = value >= -(2n ** 53n) + 1n && value < 2n ** 53n
  const forms: unknown[] = [value.toString(), ...(isSafe ? [Number(value)] : [])]
  if (value >= 0n && !signed) forms.push(`0x${value.toString(16)}`)
  return random.pick(forms)
}

function hex(random: SeededRandom, length: number): string {
  return `0x${toHex(random(length))}`
}

const HOSTILE: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    255,
    256,
    2 ** 53,
    1e21,
    0.5,
    '',
    '0x',
    '0x0',
    'abcd',
    '0xabcd',
    '0xzzzz',
    '-1',
    '1e3',
  ],
  ...[
    '256',
    ' 1',
    '0b1',
    '0x1'.padEnd(66, '0'),
    `0x${'ff'.repeat(20)}`,
    `0x${'Ab'.repeat(20)}`,
    `0x${'00'.repeat(32)}`,
  ],
  ...[
    'true',
    'half a pair: \ud83d',
    [],
    [[]],
    {},
    [null],
    { f0: 1 },
    { length: 1 },
    '115792089237316195423570985008687907853',
  ],
]

const HOSTILE_TYPES: readonly string[] = [
  ...[
    'uint',
    'int',
    'uint7',
    'uint264',
    'bytes0',
    'bytes33',
    'function',
    'uint8[0]',
    'uint8[01]',
    'uint8[][]',
    'S',
    '',
  ],
  ...[
    'EIP712Domain',
    'toString',
    '__proto__',
    'S0',
    'Order1[]',
    'bool',
    'string',
    'address',
    'bytes',
    'bytes32',
    'int8',
  ],
]

const HOSTILE_NAMES: readonly string[] = [
  'f0',
  'f1',
  'a b',
  'a,uint8 b',
  '',
  '__proto__',
  'constructor',
  'ä',
  '$',
  'A:B',
]

/** Changes some of it: a value, a field, a type, a name. Now and then what comes out is still right. */
export function spoil(random: SeededRandom, typedData: Generated): Generated {
  const spoiled = structuredClone(typedData)
  const structs = Object.values(spoiled.types)
  const struct = random.pick(structs)
  const field = struct.length === 0 ? undefined : random.pick(struct)
  const at = random.pick([spoiled.domain, spoiled.message])
  switch (random.int(0, 9)) {
    case 0:
      if (field) field.type = random.pick(HOSTILE_TYPES)
      break
    case 1:
      if (field) field.name = random.pick(HOSTILE_NAMES)
      break
    case 2:
      struct.push({ name: random.pick(HOSTILE_NAMES), type: random.pick(HOSTILE_TYPES) })
      break
    case 3:
      define(at, random.pick(['extra', 'chainId', 'f0', ...HOSTILE_NAMES]), random.pick(HOSTILE))
      break
    case 4:
      delete at[random.pick(['name', 'chainId', 'salt', 'f0', 'f1'])]
      break
    case 5:
      spoiled.primaryType = random.pick([...Object.keys(spoiled.types), 'toString', 'A:B'])
      break
    default:
      replaceSomewhere(random, at)
  }
  return spoiled
}

function replaceSomewhere(random: SeededRandom, at: object): void {
  const container = at as Record<string, unknown>
  const keys = Object.keys(container)
  if (keys.length === 0) return
  const key = random.pick(keys)
  const inner = container[key]
  if (typeof inner === 'object' && inner !== null && random.int(0, 2) > 0) return replaceSomewhere(random, inner)
  container[key] = random.pick(HOSTILE)
}

/** As JSON has it: `__proto__` is a name as any other. */
function define(at: object, name: string, value: unknown): void {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true })
}
