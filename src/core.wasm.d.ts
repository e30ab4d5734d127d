// The types of the file that scripts/build.mjs writes: what its import gives in Cloudflare Workers.
import type { CompiledModule } from './module.js'

/** The compiled module, as `useModule` of reshare/module takes it. */
declare const core: CompiledModule
export default core
