#!/bin/sh
# sentinel.sh: a Sentinel that begins with what Portolan knows. From then on its own file holds, with what it has learned:
# who was promoted, and in which election. Groups that come later are added when it starts again.
#
# Set: SENTINEL_MEMBERS, how many Redis there are. It waits until Portolan has seen all of them, so that all Sentinels begin
# with the same master.
set -eu
known=${SENTINEL_FILE:-/etc/sentinel/portolan.conf}
own=${SENTINEL_STATE:-/data/sentinel.conf}

if [ ! -s "$own" ]; then
  until [ "$(grep -cE '^sentinel (monitor|known-replica) ' "$known" 2>/dev/null)" -ge "${SENTINEL_MEMBERS:?}" ] 2>/dev/null; do
    echo "waiting until Portolan has written $SENTINEL_MEMBERS members to $known" >&2
    sleep 1
  done
fi
touch "$own"
cp "$own" "$own.coming"
awk 'FILENAME == ARGV[1] { if ($2 == "monitor") has[$3]; next } $1 == "sentinel" && !($3 in has)' \
  "$own" "$known" >>"$own.coming"
mv "$own.coming" "$own"
exec redis-server "$own" --sentinel
