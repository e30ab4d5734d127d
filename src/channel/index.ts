export { deviceId } from './device-key.ts'
export type { HeaderSource, RequestHeaders } from '../transport/request.ts'
export { sealedTransport, type SealedTransportOptions } from './sealed-transport.ts'
