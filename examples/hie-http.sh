#!/bin/sh
# An information exchange pushing HL7 v2 over HTTP: one admission and one discharge of a new stay.
# Each answer is an acknowledgement; MSA|AA means that the message and what follows from it are durable.
#   TOKEN=… examples/hie-http.sh [VISIT]
# The sender must be known: baton sender add --name general --application ADT1 --facility GENERAL --timezone America/New_York
set -eu
visit=${1:-VH$(date +%s)}
at() { date -u -d "$1" +%Y%m%d%H%M%S+0000 2>/dev/null || date -u -v"$2" +%Y%m%d%H%M%S+0000; }
admitted=$(at '4 days ago' -4d)
discharged=$(at '6 hours ago' -6H)

message() { # event, instant, disposition, discharge instant
    printf '%s\r' \
        "MSH|^~\\&|ADT1|GENERAL|BATON|BATON|$2||ADT^$1|$visit-$1|P|2.5.1" \
        "EVN|$1|$2||||$2" \
        "PID|1||P$visit^^^GENERAL^MR||Example^Erin||19540817|F" \
        "PD1||||1999999984^Primary^Pat^^^^MD^^NPI" \
        "PV1|1|I|4WEST^401^A|E|||1234567893^Attend^Alex^^^^MD^^NPI||||||||||||$visit|||||||||||||||||$3||||||||$admitted|$4" \
        "DG1|1||I50.9^Heart failure^I10|||F"
}
send() {
    answer=$(curl -sS --fail-with-body "${BATON:-http://127.0.0.1:8080}/hl7v2" -H "Authorization: Bearer $TOKEN" \
        -H 'Content-Type: application/hl7-v2' --data-binary @-) || { printf '%s\n' "$answer" >&2; exit 1; }
    printf '%s' "$answer" | tr '\r' '\n'
}

message A01 "$admitted" '' '' | send
message A03 "$discharged" 01 "$discharged" | send
