export {
  wagmiConnector,
  type WagmiConnector,
  type WagmiConnectorConfig,
  type WagmiConnectorParameters,
} from './connector.ts'
