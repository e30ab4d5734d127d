import { cloudKey, custom, passkey, password, type BackupMethod } from 'reshare/backup'
import { googleDrive } from 'reshare/backup/google-drive'
import { iCloud } from 'reshare/backup/icloud'
import { guardianPart, someOf } from 'reshare/backup/some-of'
import type { DeviceConfiguration } from '../configuration.ts'
import { GUARDIANS_NEEDED, type MethodChoice } from './method-choice.ts'
import { listGuardians, signInToCloud } from './services.ts'

/** The method that a user's choice stands for. Guardians seal for all of them, and open with the parts of some. */
export async function methodOf(choice: MethodChoice, configuration: DeviceConfiguration): Promise<BackupMethod> {
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
      return someOf(GUARDIANS_NEEDED, choice.parts.length > 0 ? partsOf(choice) : await guardiansOf(configuration))
  }
}

const partsOf = ({ parts, identity }: MethodChoice & { readonly kind: 'CUSTOM' }) =>
  parts.map((text) => guardianPart(text, { identity }))

const guardiansOf = async (configuration: DeviceConfiguration) =>
  (await listGuardians(configuration)).map(({ recipient }) => custom({ recipients: [recipient] }))

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
