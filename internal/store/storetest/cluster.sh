# Run a PostgreSQL server in a folder for as long as standard input stays open.
set -eu
bin=$1 dir=$2 fsync=$3 role=$4
umask 077
trap '' INT # Ctrl-C is for the tests; they end, then we do
# Without the disk there is nothing to find out about speed, so no plan is compiled and no table looked after.
less=
[ "$fsync" = on ] || less='-c jit=off -c autovacuum=off -c synchronous_commit=off -c shared_buffers=16MB -c max_wal_size=128MB'
finish() {
	"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	cd / && rm -rf "$dir"
}
trap finish EXIT
# A locale that orders text unlike bytes, so that a missing COLLATE shows.
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --no-sync --no-instructions \
	--locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US >"$dir/log" 2>&1 &&
	{ [ "$role" = primary ] || : >"$dir/data/standby.signal"; } &&
	"$bin/pg_ctl" -D "$dir/data" -w -t 300 -l "$dir/server.log" \
		-o "-k '$dir' -c listen_addresses='' -c fsync=$fsync -c full_page_writes=$fsync -c max_connections=200 $less" \
		start >>"$dir/log" 2>&1 ||
	{ cat "$dir/log" "$dir/server.log" 2>/dev/null || true; exit 1; }
echo ready
read -r _ || true
