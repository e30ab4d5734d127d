// The types of the file that scripts/build.mjs writes: what its import gives in Cloudflare Workers.

/** The compiled module, as `useModule` of reshare/module takes it. */
declare const core: typeof globalThis extends {
  readonly WebAssembly: { readonly Module: { readonly prototype: infer Module } }
}
  ? Module
  : object
export default core
