import { expect, expectTypeOf, test } from 'vitest'
import * as reshare from '../../src/index.ts'
import * as remote from '../../src/remote/index.ts'
import { PARAMETERS } from '../../src/remote/parameter-shapes.ts'
import { type ActionName, RESULTS } from '../../src/remote/result-shapes.ts'

/** What is code in `reshare` and no action. */
const OTHERS = [
  'INTENT_MAX_LENGTH',
  'MpcError',
  'ProtocolError',
  'createClient',
  'createFrostClient',
  'custodianBackups',
  'isMpcError',
  'isProtocolError',
]

type Local = Pick<typeof reshare, ActionName>
type Options<F> = F extends (client: never, options: infer P) => unknown ? NonNullable<P> : never
type Result<F> = F extends (client: never, options: never) => infer R ? R : never

test('every action of reshare is there, and nothing of reshare/export, import and join', () => {
  const others = new Set(OTHERS)
  const actions = Object.keys(reshare).filter((name) => !others.has(name))
  for (const shapes of [PARAMETERS, RESULTS]) expect(Object.keys(shapes).sort()).toEqual(actions.sort())
  const exported = Object.keys(remote).filter((name) => name in RESULTS)
  expect(exported.sort()).toEqual(actions)
  expect(Object.keys(remote).filter((name) => /export|import|join|invite/i.test(name))).toEqual([])
})

test('their types are those of reshare, with methods and sources described', () => {
  expectTypeOf<{ [A in ActionName]: Result<(typeof remote)[A]> }>().toEqualTypeOf<{
    [A in ActionName]: Result<Local[A]>
  }>()
  type Remotes = { [A in ActionName]: Options<(typeof remote)[A]> }
  type Locals = { [A in ActionName]: remote.Described<Options<Local[A]>> }
  expectTypeOf<Remotes>().toExtend<Locals>()
  expectTypeOf<Locals>().toExtend<Remotes>()
})

test('both kinds of client are sources of keys', () => {
  expectTypeOf<remote.RemoteClient>().toExtend<reshare.KeySource>()
  expectTypeOf<reshare.Client>().toExtend<reshare.KeySource>()
})
