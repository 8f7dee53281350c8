#!/bin/sh
# An EHR polling its worklist: open tasks with a deadline, the most urgent first, with patient and stay.
#   TOKEN=… examples/ehr-worklist.sh [OWNER]        OWNER is a reference such as Practitioner/123
set -eu
due=$(date -u -d '14 days' +%Y-%m-%d 2>/dev/null || date -u -v+14d +%Y-%m-%d)
query="status=requested&due=lt$due&_sort=due&_count=50&_include=Task:patient&_include=Task:encounter"
[ -z "${1:-}" ] || query="$query&owner=$1"
curl -sS --fail-with-body "${BATON:-http://127.0.0.1:8080}/fhir/Task?$query" -H "Authorization: Bearer $TOKEN" \
    -H 'Accept: application/fhir+json'
