import type { DeviceConfiguration } from '../../configuration.ts'

/** Asks what the demo serves in the place of a chain's node, or for test money. */
export async function askService(configuration: DeviceConfiguration, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${configuration.services}/chains/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  const result = (await response.json()) as { readonly error?: string }
  if (!response.ok) throw new Error(result.error ?? `The chain did not respond (${response.status}).`)
  return result
}
