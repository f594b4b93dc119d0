#!/bin/sh
# rsyslog says that it truncates a message beyond 8 KiB that stands behind its length. It makes
# several messages of it, of which only the first has the sender's header.
set -eu
tmp=$(mktemp -d)
. "$(dirname "$0")/shared"
debian rsyslog 8.2302.0-1+deb12u2 libestr0 0.1.11-1 libfastjson4 1.2304.0-1
lib=$tmp/root/usr/lib/x86_64-linux-gnu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$tmp/rsyslog.conf" <<CONF
global(workDirectory="$tmp")
module(load="imtcp")
input(type="imtcp" port="$port" address="127.0.0.1")
template(name="of" type="string" string="%app-name% %msg%\n")
action(type="omfile" file="$tmp/log" template="of")
CONF
LD_LIBRARY_PATH=$lib "$tmp/root/usr/sbin/rsyslogd" -n -M "$lib/rsyslog" -i "$tmp/pid" -f "$tmp/rsyslog.conf" 2>"$tmp/says" &
pids="$pids $!"
python3 - "$port" "$tmp/log" <<'PY'
import os, socket, sys, time
while True:
    try:
        s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
        break
    except OSError:
        time.sleep(.1)
for text in (b'x' * 20000, b'next'):
    m = b'<109>1 - h office - x - ' + text
    s.sendall(b'%d %s' % (len(m), m))
s.shutdown(socket.SHUT_WR)
s.recv(1)
while not os.path.exists(sys.argv[2]) or b'next' not in open(sys.argv[2], 'rb').read():
    time.sleep(.1)
PY
expect "messages, and those of the sender" "$(wc -l <"$tmp/log") $(grep -c '^office ' "$tmp/log")" "4 2"
expect "said" "$(grep -o 'size is 20024 bytes, max msg size is 8096, truncating' "$tmp/says" | head -1)" "size is 20024 bytes, max msg size is 8096, truncating"
