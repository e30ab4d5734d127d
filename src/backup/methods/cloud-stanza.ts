/** The type of the stanza that names a key in a cloud: `-> reshare/v1/cloud-key GDRIVE <id>`. */
export const CLOUD_STANZA = 'reshare/v1/cloud-key'
