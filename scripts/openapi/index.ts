import type { Json } from './schemas.ts'
import { custodianDocument } from './custodian.ts'
import { serverDocument } from './server.ts'

/** The OpenAPI documents by the paths that they are written to. @param version of the package */
export function openapiDocuments(version: string): Readonly<Record<string, Json>> {
  return {
    'docs/reference/openapi-server.json': serverDocument(version),
    'docs/reference/openapi-custodian.json': custodianDocument(version),
  }
}
