import { expect, test } from 'vitest'
import { backupMethodsOf, openBackup } from '../../src/backup/index.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { cheap } from './fixtures.ts'

/** Sealed once by this package: whatever changes in the code, this must open. */
const CIPHER_TEXT = `-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHJlc2hhcmUvdjEvYXJnb24yaWQgK292
M0VWQVl3bGtRUm5jMFc4K3BEZyBtPTY0LHQ9MSxwPTEgaW5zZWN1cmUtdGVzdC1j
b3N0CjhuL1JrQWM5dTJNaU9FSENVay8xemp3UnhYUXFWdHZnZ2Q5ZFpETkwySVEK
LT4gcmVzaGFyZS92MS9tYW5pZmVzdCBQQVNTV09SRCBPM0ttUXNYQUk1ZTZxS0Nn
eGxCZkZHWHlueFlFY3hsUis4M3U2U2pyN0RvCgotLS0gekhPNEYrd1ZjdnZnRDFj
cVI2YmhLeXNvV2pLSituRmM5RytTK2owWTZFTQr35uV5o/V8NVUhSU5KrTOE6Yjd
Hj/Do7Il7LwIheTFRaycAahJffyRlR1cc+zgUzj5Lhuel829PWXu3xqDBmeZwIj0
LpkLLSTO4+KHDpugCqXkLNo8gilUFQOrMRvWhmbf97FsSk90r0+GzyOL
-----END AGE ENCRYPTED FILE-----
`

test('a backup sealed by the first version of the format opens', async () => {
  expect(backupMethodsOf(CIPHER_TEXT)).toEqual(['PASSWORD'])
  expect(await openBackup({ cipherText: CIPHER_TEXT, methods: [cheap('correct horse')] })).toEqual({
    walletId: '11'.repeat(16),
    setId: '22'.repeat(32),
    createdAt: 1_893_456_000_123,
    payload: fromHex('00112233445566778899aabbccddeeff'),
  })
})
