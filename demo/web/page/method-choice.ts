import type { Description } from 'reshare/remote'

/** What a user has chosen to open a backup with. */
export type MethodChoice =
  | { readonly kind: 'PASSWORD'; readonly secret: string }
  | { readonly kind: 'PASSKEY' }
  | { readonly kind: 'GDRIVE' | 'ICLOUD'; readonly account: string }
  /** `parts`: what guardians have handed over to this device, which holds the identity that opens them; none to seal. */
  | { readonly kind: 'CUSTOM'; readonly parts: readonly string[]; readonly identity: string }

export type MethodKind = MethodChoice['kind']

/** How methods are named to users, in the order in which they are offered. The server knows guardians as CUSTOM. */
export const METHOD_NAMES: Readonly<Record<MethodKind, string>> = {
  PASSWORD: 'Password',
  PASSKEY: 'Passkey',
  GDRIVE: 'Google Drive',
  ICLOUD: 'iCloud',
  CUSTOM: 'Guardians',
}

/** How many guardians must help. */
export const GUARDIANS_NEEDED = 2

/** The choice as texts, for the worker. */
export function descriptionOf(choice: MethodChoice): Description {
  const { kind: type, ...fields } = choice
  if (!('parts' in fields)) return { type, ...fields }
  const parts = Object.fromEntries(fields.parts.map((part, index) => [`part${index + 1}`, part]))
  return { type, identity: fields.identity, ...parts }
}

/** The choice that a description was made of. @throws {RangeError} for a kind that needs a page, or none */
export function choiceOf(kind: string, fields: Readonly<Record<string, string | undefined>>): MethodChoice {
  const { secret = '', account = '', identity = '' } = fields
  switch (kind) {
    case 'PASSWORD':
      return { kind, secret }
    case 'GDRIVE':
    case 'ICLOUD':
      return { kind, account }
    case 'CUSTOM': {
      const names = Object.keys(fields).filter((name) => name.startsWith('part'))
      return { kind, identity, parts: names.map((name) => fields[name]!) }
    }
    default:
      throw new RangeError(`a worker has no method ${kind}`)
  }
}
