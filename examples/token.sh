#!/bin/sh
# Prints an access token: CLIENT_ID and CLIENT_SECRET come from `baton client add … --secret`.
#   TOKEN=$(CLIENT_ID=… CLIENT_SECRET=… examples/token.sh)
set -eu
answer=$(curl -sS --fail-with-body "${BATON:-http://127.0.0.1:8080}/oauth/token" \
    -d grant_type=client_credentials \
    -d "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET") || { printf '%s\n' "$answer" >&2; exit 1; }
printf '%s' "$answer" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p'
