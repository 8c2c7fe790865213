#!/bin/bash
# Starts mongod in a container of the image mongo, with a folder below /data/members that is named like the container.
set -euo pipefail

# mongod wants the key for itself alone, and Compose mounts secrets as they are on the host
install -m 400 -o mongodb -g mongodb "${KEY_FILE:-/run/secrets/mongo_key}" /tmp/mongo_key

# Docker's DNS knows the name; /etc/hosts would only give the id, which is another one after each recreation
name=
for ip in $(hostname -I); do
  name=$(getent -s dns hosts "$ip" | awk 'NR == 1 { print $2 }') || true
  [ -z "$name" ] || break
done
# shop-mongo-1.shop_default: the network goes; Compose's number ends the name
name=$(sed -E 's/(-[0-9]+)\..*$/\1/; t; s/\..*$//' <<<"$name")
if [ -z "$name" ]; then
  # never a guess: data in another folder would be another member
  echo "mongod.sh: Docker's DNS has no name for this container; put it on a network that Compose has made" >&2
  exit 1
fi

install -d -o mongodb -g mongodb "/data/members/$name"
exec docker-entrypoint.sh mongod --dbpath "/data/members/$name" --keyFile /tmp/mongo_key --bind_ip_all "$@"
