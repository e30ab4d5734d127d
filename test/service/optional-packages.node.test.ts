import { expect, test } from 'vitest'
import { Misconfigured } from '../../src/service/http.ts'
import { loadOptional } from '../../src/service/optional-packages.ts'

const missing = (message: string, code = 'ERR_MODULE_NOT_FOUND') => Object.assign(new Error(message), { code })
const load = (error: unknown) => loadOptional('reshare/x', ['one', '@two/three'], () => Promise.reject(error as Error))

test('gives what was imported', async () => {
  expect(await loadOptional('reshare/x', ['one'], async () => 7)).toBe(7)
})

test.each([
  missing("Cannot find package 'one' imported from /app/node_modules/reshare/dist/x.js"),
  missing("Cannot find package '@two/three' imported from /app/node_modules/reshare/dist/x.js"),
  missing("Cannot find module 'one/sub'\nRequire stack:\n- /app/x.js", 'MODULE_NOT_FOUND'),
])('says how to install what is missing: %s', async (cause) => {
  const error = (await load(cause).catch((thrown: unknown) => thrown)) as Error
  expect(error).toBeInstanceOf(Misconfigured)
  expect(error.message).toBe('reshare/x needs the packages one and @two/three: npm install one @two/three')
  expect(error.cause).toBe(cause)
})

test.each([
  missing("Cannot find module '/app/dist/one-part.js' imported from /app/dist/x.js"),
  missing("Cannot find package 'one-more' imported from /app/node_modules/one/index.js"),
  new Error("'one' failed while it was loaded"),
  undefined,
])('throws whatever else went wrong as it is', async (cause) => {
  expect(await load(cause).catch((thrown: unknown) => thrown)).toBe(cause)
})
