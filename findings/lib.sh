# What the scripts here share. Each begins with: . "$(dirname "$0")/lib.sh"
set -eu
tmp=$(mktemp -d)
pids=
finish() {
	for p in $pids; do kill "$p" 2>/dev/null || true; done
	[ -z "${data-}" ] || as_postgres "$pg/pg_ctl" -D "$data" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 1' INT TERM

say() { printf '%s\n' "$*"; }

# expect WHAT SEEN WANTED
expect() {
	say "$1: $2"
	[ "$2" = "$3" ] || { say "CHANGED: it was: $3"; exit 1; }
}

# debian PACKAGE VERSION...: unpacks Debian 12's packages into $tmp/root.
debian() {
	mkdir -p "$tmp/root" "$tmp/debs"
	chmod 755 "$tmp" "$tmp/debs"
	while [ $# -gt 0 ]; do
		(cd "$tmp/debs" && apt-get download "$1=$2" >/dev/null 2>"$tmp/apt") || { cat "$tmp/apt"; say "$1 $2 cannot be had: Debian 12 has another version by now"; exit 1; }
		say "with $1 $2"
		shift 2
	done
	for d in "$tmp"/debs/*.deb; do dpkg-deb -x "$d" "$tmp/root"; done
}

# listen: a server that writes the method, path and Authorization of each request into
# $tmp/seen, and answers with the file $tmp/answer. Sets $url.
listen() {
	[ -f "$tmp/answer" ] || printf '{}' >"$tmp/answer"
	cat >"$tmp/listen.py" <<-'PY'
		import http.server, os, sys
		tmp = sys.argv[1]
		class H(http.server.BaseHTTPRequestHandler):
		    def go(self):
		        self.rfile.read(int(self.headers.get('Content-Length') or 0))
		        with open(tmp + '/seen', 'a') as f:
		            print(self.command, self.path, self.headers.get('Authorization'), file=f)
		        status = int(open(tmp + '/status').read()) if os.path.exists(tmp + '/status') else 200
		        body = open(tmp + '/answer', 'rb').read()
		        self.send_response(status)
		        self.send_header('Content-Type', 'application/json')
		        self.send_header('Content-Length', str(len(body)))
		        if status == 429: self.send_header('Retry-After', '7')
		        self.end_headers()
		        self.wfile.write(body)
		    do_GET = do_POST = do_PUT = go
		    def log_message(self, *a): pass
		s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
		with open(tmp + '/port.new', 'w') as f: f.write(str(s.server_address[1]))
		os.rename(tmp + '/port.new', tmp + '/port')
		s.serve_forever()
	PY
	: >"$tmp/seen"
	python3 "$tmp/listen.py" "$tmp" &
	pids="$pids $!"
	while ! [ -f "$tmp/port" ]; do :; done
	url=http://127.0.0.1:$(cat "$tmp/port")
}

# golang MODULE@VERSION...: a module in $tmp/go that has them; main.go is standard input.
golang() {
	mkdir -p "$tmp/go"
	cat >"$tmp/go/main.go"
	(cd "$tmp/go" && go mod init finding && for m in "$@"; do go get "$m"; done && go build -o finding .) >"$tmp/build" 2>&1 || { cat "$tmp/build"; exit 1; }
	say "with $*"
}

as_postgres() {
	if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

# postgres: a database of its own on a socket in $tmp/pg; sets $pg and $data. It takes
# the PostgreSQL that is installed.
postgres() {
	for pg in /usr/lib/postgresql/*/bin; do :; done
	[ -x "$pg/initdb" ] || { say "install postgresql"; exit 1; }
	mkdir "$tmp/pg"
	chmod 755 "$tmp"
	[ "$(id -u)" != 0 ] || chown postgres "$tmp/pg"
	data=$tmp/pg/data
	as_postgres "$pg/initdb" -D "$data" -U postgres -A trust --no-sync >/dev/null
	as_postgres "$pg/pg_ctl" -D "$data" -w -l "$tmp/pg/log" -o "-k $tmp/pg -c listen_addresses='' -c fsync=off" start >/dev/null
	say "with $("$pg/postgres" --version)"
}

sql() { "$pg/psql" -h "$tmp/pg" -U postgres -XqAt -v ON_ERROR_STOP=1 "$@"; }
