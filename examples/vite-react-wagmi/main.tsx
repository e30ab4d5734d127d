import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createConfig, http, WagmiProvider } from 'wagmi'
import { foundry } from 'wagmi/chains'
import { App } from './app.tsx'
import { walletConnector, type Settings } from './wallet.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')

const settings = (await (await fetch('/config.json')).json()) as Settings
const config = createConfig({
  chains: [foundry],
  connectors: [walletConnector(settings)],
  transports: { [foundry.id]: http(settings.rpc) },
})

createRoot(root).render(
  <StrictMode>
    <WagmiProvider config={config}>
      <QueryClientProvider client={new QueryClient()}>
        <App />
      </QueryClientProvider>
    </WagmiProvider>
  </StrictMode>,
)
