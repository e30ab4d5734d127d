import { cloudKey, custom, passkey, password, type BackupMethod } from 'reshare/backup'
import { googleDrive } from 'reshare/backup/google-drive'
import { iCloud } from 'reshare/backup/icloud'
import { guardianPart, someOf } from 'reshare/backup/some-of'
import type { DeviceConfiguration } from '../configuration.ts'
import { listGuardians, signInToCloud } from './services.ts'

/** What a user has chosen to open a backup with. */
export type MethodChoice =
  | { readonly kind: 'PASSWORD'; readonly secret: string }
  | { readonly kind: 'PASSKEY' }
  | { readonly kind: 'GDRIVE' | 'ICLOUD'; readonly account: string }
  /** `parts`: what guardians have handed over to this device, which holds the identity that opens them. */
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

/** The method that seals a backup as the user has chosen. */
export async function sealingMethod(choice: MethodChoice, configuration: DeviceConfiguration): Promise<BackupMethod> {
  if (choice.kind !== 'CUSTOM') return openingMethod(choice, configuration)
  const guardians = await listGuardians(configuration)
  return someOf(
    GUARDIANS_NEEDED,
    guardians.map(({ recipient }) => custom({ recipients: [recipient] })),
  )
}

/** The method that opens a backup as the user has chosen. */
export function openingMethod(choice: MethodChoice, configuration: DeviceConfiguration): BackupMethod {
  switch (choice.kind) {
    case 'PASSWORD':
      return password(choice.secret)
    case 'PASSKEY':
      return passkey()
    case 'GDRIVE':
      return cloudKey({ provider: 'GDRIVE', storage: driveOf(choice.account, configuration) })
    case 'ICLOUD':
      return cloudKey({ provider: 'ICLOUD', storage: iCloudOf(choice.account, configuration) })
    case 'CUSTOM':
      return someOf(
        GUARDIANS_NEEDED,
        choice.parts.map((text) => guardianPart(text, { identity: choice.identity })),
      )
  }
}

/** An app gives `googleIdentityToken` as `getToken`, and no `endpoint`. */
function driveOf(account: string, configuration: DeviceConfiguration) {
  return googleDrive({
    endpoint: `${configuration.services}/google-drive`,
    getToken: async () => (await signInToCloud(configuration, 'google-drive/control/token', { account })).access_token!,
  })
}

/** An app gives `appleSignIn` as `auth`, its own container, and no `endpoint`. */
function iCloudOf(account: string, configuration: DeviceConfiguration) {
  return iCloud({
    endpoint: `${configuration.services}/icloud`,
    container: 'iCloud.com.example.wallet',
    environment: 'production',
    apiToken: 'production',
    user: configuration.userId,
    auth: {
      signIn: async ({ redirectUrl: page }) =>
        (await signInToCloud(configuration, 'icloud/control/sign-in', { account, page })).ckWebAuthToken!,
    },
  })
}
