export { deviceId } from './device-key.ts'
export type { HeaderSource } from '../transport/request.ts'
export { sealedTransport, type SealedTransportOptions } from './sealed-transport.ts'
