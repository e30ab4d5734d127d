export { stoppedClock, systemClock, type ServiceClock } from './clock.ts'
export { atRequest, type Fault, type FaultPlan, type ServiceCall, type ServiceRequest } from './faults.ts'
export { emulateService, MAX_CALLS, type EmulatedService, type ServiceOptions } from './service.ts'
