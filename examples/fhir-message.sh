#!/bin/sh
# A FHIR messaging sender: a Da Vinci notification bundle (discharge) to $process-message.
# 200 means that the notification is processed and durable; there is no response message.
#   TOKEN=… examples/fhir-message.sh [VISIT]
set -eu
visit=${1:-VF$(date +%s)}
at() { date -u -d "$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v"$2" +%Y-%m-%dT%H:%M:%SZ; }
admitted=$(at '5 days ago' -5d)
discharged=$(at '8 hours ago' -8H)
urn=urn:uuid:5f1c0f7e-0000-4000-8000-00000000000

answer=$(curl -sS --fail-with-body -w '\n%{http_code}\n' "${BATON:-http://127.0.0.1:8080}/fhir/\$process-message" \
    -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/fhir+json' --data-binary @- <<JSON
{
  "resourceType": "Bundle", "id": "bundle-$visit", "type": "message", "timestamp": "$discharged",
  "entry": [
    {"fullUrl": "${urn}1", "resource": {
      "resourceType": "MessageHeader", "id": "header-$visit",
      "eventCoding": {
        "system": "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event",
        "code": "notification-discharge"
      },
      "source": {"name": "General Hospital", "endpoint": "http://general.example.org/fhir"},
      "sender": {"reference": "${urn}4"},
      "focus": [{"reference": "${urn}2"}]
    }},
    {"fullUrl": "${urn}2", "resource": {
      "resourceType": "Encounter", "id": "stay-$visit", "status": "finished",
      "identifier": [{
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "VN"}]},
        "system": "urn:oid:2.16.840.1.113883.3.9999.1", "value": "$visit"
      }],
      "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
      "subject": {"reference": "${urn}3"},
      "period": {"start": "$admitted", "end": "$discharged"},
      "hospitalization": {"dischargeDisposition": {"coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/nubc-UB92", "code": "01", "display": "Home"
      }]}},
      "serviceProvider": {"reference": "${urn}4"}
    }},
    {"fullUrl": "${urn}3", "resource": {
      "resourceType": "Patient", "id": "patient-$visit",
      "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.9999.2", "value": "P$visit"}],
      "name": [{"family": "Example", "given": ["Noor"]}], "gender": "female", "birthDate": "1951-05-30"
    }},
    {"fullUrl": "${urn}4", "resource": {
      "resourceType": "Organization", "id": "general",
      "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1538596788"}],
      "active": true, "name": "General Hospital"
    }}
  ]
}
JSON
) || { printf '%s\n' "$answer" >&2; exit 1; }
printf '%s\n' "$answer" | tail -n 1
