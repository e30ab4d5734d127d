#!/bin/sh
# Makes the secrets of compose.yaml in deploy/secrets, each in a file, unless they are there. Keep copies of master-key and
# channel-key apart from those of the database.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets

hex() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

make() {
  [ -e "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"
}

for name in database-password master-key channel-key metrics-token webhook-secret; do
  make "$name" "$(hex)"
done
make events-secret "whsec_$(head -c 32 /dev/urandom | base64)"
make database-url "postgres://reshare:$(cat secrets/database-password)@postgres:5432/reshare"
# The user of the containers reads them; the folder is closed to all others on this machine.
chmod 700 secrets
chmod 644 secrets/*
