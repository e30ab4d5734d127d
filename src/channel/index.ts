export { deviceId } from './device-key.ts'
export { sealedTransport, type SealedTransportOptions } from './sealed-transport.ts'
