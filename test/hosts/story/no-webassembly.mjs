// Lockdown Mode has none. Imported first, since a runtime that has it would use it.
delete globalThis.WebAssembly
