import { sha256 } from '@noble/hashes/sha2.js'
import { googleDrive } from '../../../src/backup/google-drive/index.ts'
import { iCloud } from '../../../src/backup/icloud/index.ts'
import { cloudKey, custom, passkey, password, type BackupKeys, type BackupMethod } from '../../../src/backup/index.ts'
import { someOf } from '../../../src/backup/some-of/index.ts'

/** What a method needs that is not in the method: where the emulated clouds are, and whose account it is. */
export interface MethodPlace {
  readonly cloudUrl: string
  readonly account: string
}

/** An age identity for tests, as a user has one on paper. */
const PAPER_KEY = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'

const METHODS = {
  PASSWORD: () => password('correct horse battery staple', { insecureTestCost: { memoryKiB: 64, passes: 1 } }),
  PASSKEY: () => passkey(),
  CUSTOM: () => custom({ identities: [PAPER_KEY] }),
  GDRIVE: ({ cloudUrl, account }) =>
    cloudKey({
      provider: 'GDRIVE',
      storage: googleDrive({
        endpoint: `${cloudUrl}/google-drive`,
        getToken: async () => (await control(`${cloudUrl}/google-drive`, 'token', { account })).access_token as string,
      }),
    }),
  ICLOUD: ({ cloudUrl, account }) =>
    cloudKey({
      provider: 'ICLOUD',
      storage: iCloud({
        endpoint: `${cloudUrl}/icloud`,
        container: 'iCloud.com.example.wallet',
        environment: 'production',
        apiToken: 'production',
        // An account here is the header of a token, with a space.
        user: account.replace(' ', '-'),
        auth: {
          signIn: async ({ redirectUrl }) =>
            (await control(`${cloudUrl}/icloud`, 'sign-in', { account, page: redirectUrl })).ckWebAuthToken as string,
        },
      }),
    }),
} satisfies Record<string, (place: MethodPlace) => BackupKeys & BackupMethod>

/** The rows of the table: each method alone, and some of them together. */
export const METHOD_KINDS = [...(Object.keys(METHODS) as (keyof typeof METHODS)[]), 'someOf'] as const
export type MethodKind = (typeof METHOD_KINDS)[number]

/** The method of a row, the same one in every runtime. */
export function methodOf(kind: MethodKind, place: MethodPlace): BackupMethod {
  if (kind !== 'someOf') return METHODS[kind](place)
  return someOf(2, [METHODS.PASSWORD(), METHODS.ICLOUD(place), METHODS.CUSTOM()])
}

/** For `someOf`, a recovery that has lost one of the three. */
export function openingMethodOf(kind: MethodKind, place: MethodPlace): BackupMethod {
  return kind === 'someOf' ? someOf(2, [METHODS.CUSTOM(), METHODS.ICLOUD(place)]) : METHODS[kind](place)
}

async function control(
  service: string,
  action: string,
  query: Record<string, string>,
): Promise<Record<string, unknown>> {
  const url = `${service}/control/${action}?${new URLSearchParams(query).toString()}`
  return (await (await fetch(url, { method: 'POST' })).json()) as Record<string, unknown>
}

/** Runs `work` where an authenticator has one passkey, the same one in every runtime, whose user always agrees. */
export async function withPasskey<T>(work: () => Promise<T>): Promise<T> {
  const get = async ({ publicKey }: CredentialRequestOptions) => {
    const { first, second } = publicKey?.extensions?.prf?.eval as { first: Uint8Array; second?: Uint8Array }
    const results = { first: sha256(first).buffer, ...(second && { second: sha256(second).buffer }) }
    return { getClientExtensionResults: () => ({ prf: { results } }) }
  }
  const create = () => Promise.reject(new Error('not asked for'))
  const restore = [
    define(globalThis, 'PublicKeyCredential', class {}),
    ...('navigator' in globalThis ? [] : [define(globalThis, 'navigator', {})]),
    define(globalThis.navigator, 'credentials', { get, create }),
  ]
  try {
    return await work()
  } finally {
    for (const undo of restore.reverse()) undo()
  }
}

function define(object: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(object, key)
  Object.defineProperty(object, key, { value, configurable: true, writable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(object, key)
    else Object.defineProperty(object, key, before)
  }
}
