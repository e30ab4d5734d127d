import { expect, test } from 'vitest'
import { OPERATION_KINDS, SERVER_OPERATIONS } from '../../../src/server/operations/definitions.ts'

test('what makes sets, proves or exports stays decided, and nothing else does', () => {
  // A client may ask at any time what has become of its sets; a proof that comes again would count as a failed one.
  expect(OPERATION_KINDS.filter((kind) => SERVER_OPERATIONS[kind].keepsDecision).sort()).toEqual(
    ['generate', 'import', 'backup', 'recover', 'refresh', 'join', 'prove', 'export'].sort(),
  )
})

test('failures count where the client proves that it has a share, and nowhere else', () => {
  const counting = OPERATION_KINDS.filter((kind) => SERVER_OPERATIONS[kind].failuresCountAgainst.length > 0)
  expect(counting.sort()).toEqual(['backup', 'recover', 'refresh', 'join', 'prove', 'export'].sort())
  // Whoever has the client's credentials can name a backup: a lock-out of it would be theirs to give.
  expect(SERVER_OPERATIONS.recover.failuresCountAgainst).not.toContain('set')
})
