export { httpTransport, type HttpTransportOptions } from './http.ts'
export { inProcessTransport, type FetchServer } from './in-process.ts'
export type { Transport, TransportRequest, TransportResponse } from './types.ts'
