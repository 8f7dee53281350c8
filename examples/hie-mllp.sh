#!/usr/bin/env bash
# The same exchange over MLLP (`baton serve --mllp 127.0.0.1:2575`): frames on one TCP connection,
# <VT> message <FS><CR>, and the acknowledgement back on the same connection.
#   examples/hie-mllp.sh [HOST:PORT] [VISIT]
set -euo pipefail
address=${1:-127.0.0.1:2575}
visit=${2:-VM$(date +%s)}
at() { date -u -d "$1" +%Y%m%d%H%M%S+0000 2>/dev/null || date -u -v"$2" +%Y%m%d%H%M%S+0000; }
admitted=$(at '4 days ago' -4d)

exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
send() { # event, instant, disposition, discharge instant
    printf '\x0b' >&3
    printf '%s\r' \
        "MSH|^~\\&|ADT1|GENERAL|BATON|BATON|$2||ADT^$1|$visit-$1|P|2.5.1" \
        "EVN|$1|$2||||$2" \
        "PID|1||P$visit^^^GENERAL^MR||Example^Emil||19481102|M" \
        "PV1|1|I|4WEST^402^A|U|||1234567893^Attend^Alex^^^^MD^^NPI||||||||||||$visit|||||||||||||||||$3||||||||$admitted|$4" >&3
    printf '\x1c\r' >&3
    IFS= read -r -d $'\x1c' answer <&3
    printf '%s\n' "$answer" | tr -d '\v' | tr '\r' '\n' | sed '/^$/d'
}

send A01 "$admitted" '' ''
discharged=$(at '5 hours ago' -5H)
send A03 "$discharged" 01 "$discharged"
