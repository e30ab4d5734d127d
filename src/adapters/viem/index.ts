export { ethereumAccount, type EthereumAccount, type EthereumAccountParameters } from './account.ts'
export { ethereumAddress } from './address.ts'
export { ethereumProvider, type EthereumProviderParameters, type ProviderRequest } from './provider.ts'
export { EthereumProviderError } from './provider-error.ts'
