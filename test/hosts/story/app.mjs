// The app that every bundler builds and every runtime runs.
import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { backupWallet, createClient, generateWallet, recoverWallet, sign } from 'reshare'
import { password } from 'reshare/backup'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'
import { story } from './story.mjs'

const client = { backupWallet, createClient, generateWallet, recoverWallet, sign }
const modules = { ...client, password, memoryStore, httpTransport, ed25519, secp256k1 }

/** {@link story} with the modules that are imported here. @param {Parameters<typeof story>[1]} options */
export const runApp = (options) => story(modules, options)
