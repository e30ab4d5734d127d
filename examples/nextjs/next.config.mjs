// PGlite's files cannot be bundled. With PostgreSQL (`postgresDatabase`) this is not needed.
export default { serverExternalPackages: ['@electric-sql/pglite'] }
