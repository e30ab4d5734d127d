import { password, type BackupKeys, type BackupMethod } from 'reshare/backup'
import type { DeviceConfiguration } from '../configuration.ts'

/** What a user has chosen to open a backup with. */
export type MethodChoice = { readonly kind: 'PASSWORD'; readonly secret: string }

export type MethodKind = MethodChoice['kind']

/** How methods are named to users, in the order in which they are offered. */
export const METHOD_NAMES: Readonly<Record<MethodKind, string>> = { PASSWORD: 'Password' }

/** The method that a choice stands for; it seals and opens. */
export function sealingMethod(choice: MethodChoice, _configuration: DeviceConfiguration): BackupMethod & BackupKeys {
  return password(choice.secret)
}
