export { stoppedClock, systemClock, type ServiceClock } from './clock.ts'
export { atRequest, type Fault, type FaultPlan, type ServiceCall, type ServiceRequest } from './faults.ts'
export { emulateService, type EmulatedService, type ServiceOptions } from './service.ts'
export { driveEmulator, type DriveEmulator, type DriveEmulatorOptions } from './google-drive/drive.ts'
export type { DriveAccount, DriveFile, DriveLag, ListingLag } from './google-drive/account.ts'
export { driveError, type DriveErrorReason } from './google-drive/errors.ts'
export type { DriveTokenOptions } from './google-drive/tokens.ts'
export {
  iCloudEmulator,
  type EmulatedContainer,
  type EmulatedSignIn,
  type ICloudEmulator,
  type ICloudEmulatorOptions,
} from './icloud/emulator.ts'
