import type { DeviceConfiguration, GuardianKey, GuardianPart, GuardianRequest } from '../configuration.ts'

/** Asks what the demo serves in the place of services of others, below `/chains` and `/guardians`. */
export async function askService({ services }: DeviceConfiguration, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${services}/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const result = (await response.json()) as { readonly error?: string }
  if (!response.ok) throw new Error(result.error ?? `The service did not respond (${response.status}).`)
  return result
}

/** Asks an emulator of a cloud for what its provider gives to a page once the user has signed in there. */
export async function signInToCloud(
  { services }: DeviceConfiguration,
  cloud: 'google-drive/control/token' | 'icloud/control/sign-in',
  query: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(`${services}/${cloud}?${new URLSearchParams(query).toString()}`, { method: 'POST' })
  if (!response.ok) throw new Error(`The sign-in failed (${response.status}).`)
  return (await response.json()) as Record<string, string>
}

export const listGuardians = (configuration: DeviceConfiguration) =>
  askService(configuration, 'guardians/list', {}) as Promise<GuardianKey[]>

export const askGuardian = (configuration: DeviceConfiguration, request: GuardianRequest) =>
  askService(configuration, 'guardians/open', request) as Promise<GuardianPart>
