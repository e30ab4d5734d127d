import { render } from 'preact'
import type { DeviceConfiguration } from '../configuration.ts'
import { DeviceApp } from './device-app.tsx'
import { ErrorMessage } from './parts/error-message.tsx'
import { openWalletClient } from './wallet-client.ts'

const root = document.getElementById('app')!
try {
  const configuration = (await (await fetch('/configuration.json')).json()) as DeviceConfiguration
  document.title = `${configuration.device}: reshare demo`
  const client = await openWalletClient(configuration)
  const stored = await client.stored()
  render(<DeviceApp client={client} stored={stored} />, root)
  performance.mark('reshare: ready')
} catch (error) {
  render(<ErrorMessage error={error} />, root)
}
