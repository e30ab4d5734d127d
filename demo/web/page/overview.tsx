import { render } from 'preact'
import { useState } from 'preact/hooks'
import type { DeviceAddress } from '../configuration.ts'

/** The page with all devices. Each is a frame of another origin, with a store of its own. */
function Overview({ devices }: { readonly devices: readonly DeviceAddress[] }) {
  const [count, setCount] = useState(2)
  const next = devices[count]
  return (
    <>
      <header class="overview-header">
        <h1>One wallet, several devices</h1>
        <p>
          All devices belong to Alice, and everything runs on this machine. Create a wallet on one device, bring it to
          the other, then sign on both. No private key is ever in one place.
        </p>
        {next && (
          <button type="button" onClick={() => setCount(count + 1)}>
            Add a third device
          </button>
        )}
      </header>
      <main class={`devices devices-${count}`}>
        {devices.slice(0, count).map(({ name, url }) => (
          <section class="device-frame" key={name} aria-label={name}>
            <iframe
              src={url}
              title={name}
              allow="publickey-credentials-get; publickey-credentials-create; camera; clipboard-write; clipboard-read"
            />
            <p class="device-link">
              <a href={url} target="_blank" rel="noreferrer">
                Open the {name.toLowerCase()} in a tab of its own
              </a>
            </p>
          </section>
        ))}
      </main>
    </>
  )
}

const devices = (await (await fetch('/devices.json')).json()) as DeviceAddress[]
render(<Overview devices={devices} />, document.getElementById('app')!)
