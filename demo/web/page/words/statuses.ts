import type { Status } from 'reshare'

/** What each status of an action means, for the user. */
export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  'Reading share': 'reading what this device has stored',
  'Decrypting share': 'opening the backup',
  'Parsing share': 'checking that the parts fit the wallet',
  'Recovering signing share': 'proving to the server that the backup is yours',
  'Generating share': 'this device and the server each make a part of their own',
  'Encrypting share': 'sealing the backup',
  'Storing share': 'storing it and reading it back',
  'Waiting for the other device': 'the other device has to do something',
  'Waiting for approval': 'another device has to approve it, or its time has to come',
  'Making ECDSA setup': 'preparing both sides for Ethereum and Bitcoin signatures',
  'Preprocessing signatures': 'preparing the next signatures',
  Signing: 'this device and the server each sign with their part',
  Done: 'finished',
}
