#!/bin/sh
# Starts a Soma as the Matrix conformance suite expects a homeserver: see README.md beside this file.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)

: "${SERVER_NAME:?set SERVER_NAME to the name of the server}"
data=${SOMA_DATA:-/data}
bind=${SOMA_BIND_ADDRESS:-0.0.0.0}
client_port=${SOMA_CLIENT_PORT:-8008}
federation_port=${SOMA_FEDERATION_PORT:-8448}
complement=${COMPLEMENT_FOLDER:-/complement}

mkdir -p "$data"
umask 077

# A certificate for the name, from the authority that all servers of a test trust. Made anew at each start, since a
# container may be started again under another name.
host=${SERVER_NAME%:*}
case $host in
  *[!0-9.]*) subject="DNS:$host" ;;
  *) subject="IP:$host" ;;
esac
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$host" \
  -keyout "$data/tls.key" -out "$data/tls.csr" 2> "$data/openssl.log"
printf 'subjectAltName=%s\n' "$subject" > "$data/tls.ext"
openssl x509 -req -in "$data/tls.csr" -days 3 -extfile "$data/tls.ext" \
  -CA "$complement/ca/ca.crt" -CAkey "$complement/ca/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
  -out "$data/tls.crt" 2>> "$data/openssl.log"

appservices=''
for file in "$complement"/appservice/*.yaml; do
  if [ -e "$file" ]; then appservices="$appservices
  - '$file'"; fi
done

unlimited='{ per_second: 100000, burst_count: 100000 }'
cat > "$data/homeserver.yaml" << YAML
server_name: '$SERVER_NAME'
public_baseurl: 'http://127.0.0.1:$client_port/'
listeners:
  - port: $client_port
    bind_addresses: ['$bind']
    type: http
    tls: false
    resources: [{ names: [client, federation] }]
  - port: $federation_port
    bind_addresses: ['$bind']
    type: http
    tls: true
    resources: [{ names: [client, federation] }]
tls_certificate_path: '$data/tls.crt'
tls_private_key_path: '$data/tls.key'
signing_key_path: '$data/signing.key'
media_store_path: '$data/media'
database: { name: sqlite3, args: { database: '$data/homeserver.db' } }

# The servers of a test are in one private network, behind one authority.
federation_custom_ca_list: ['$complement/ca/ca.crt']
federation_ip_range_blacklist: []
ip_range_blacklist: []
trusted_key_servers: []
no_proxy_hosts: ['*']

enable_registration: true
enable_registration_without_verification: true
registration_shared_secret: complement
allow_guest_access: true
allow_public_rooms_over_federation: true
allow_device_name_lookup_over_federation: true
app_service_config_files:${appservices:- []}

rc_message: $unlimited
rc_registration: $unlimited
rc_registration_token_validity: $unlimited
rc_login: { address: $unlimited, account: $unlimited, failed_attempts: $unlimited }
rc_joins: { local: $unlimited, remote: $unlimited }
rc_joins_per_room: $unlimited
rc_invites: { per_room: $unlimited, per_user: $unlimited, per_issuer: $unlimited }
rc_room_creation: $unlimited
rc_presence: { per_user: $unlimited }
rc_reports: $unlimited
rc_user_directory: $unlimited
rc_delayed_event_mgmt: $unlimited
rc_federation:
  window_size: 1000
  sleep_limit: 100000
  sleep_delay: 1
  reject_limit: 100000
  concurrent: 1000
YAML

cd "$data"
# The Node that npm has brought along, or the image's own.
node="$root/node_modules/.bin/node"
[ -x "$node" ] || node=node
exec "$node" "$root/packages/homeserver/bin/soma-server.mjs" -c "$data/homeserver.yaml"
