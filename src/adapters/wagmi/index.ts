export { wagmiConnector, type WagmiConnectorParameters } from './connector.ts'
export type {
  WagmiCapableAccount,
  WagmiChange,
  WagmiConnection,
  WagmiConnector,
  WagmiConnectorConfig,
  WagmiConnectParameters,
  WagmiEmitter,
  WagmiStorage,
} from './types.ts'
